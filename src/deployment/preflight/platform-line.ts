import type { LineLike } from '../../ground/errors.ts';

/** A line of a workflow (`platforms:`) or a Dockerfile (`FROM --platform=`) that names the one, and not the other. */
export function platformLike(built: string, wanted: string): LineLike {
  return {
    like(line) {
      const words = line.split(/[\s,="']+/);
      const names = (platform: string) =>
        words.some((word) => word === platform || word.startsWith(`${platform}/`));
      return names(built) && !names(wanted);
    },
  };
}
