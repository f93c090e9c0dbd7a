/** The input `files`, as it is written: content by path. */
import * as z from 'zod';

import type { Mount } from '../../docker/container-spec.ts';

export const filesShape = z
  .record(z.string(), z.string().describe('What the file holds, to the letter.'))
  .superRefine((files, context) => {
    for (const path of Object.keys(files).filter((written) => !isPath(written))) {
      const message = `"${path}" is not the whole path of a file, like /usr/share/nginx/html/config.js`;
      context.addIssue({ code: 'custom', path: [path], message });
    }
  });

/** A comma stands between paths in a label. */
export function isPath(written: string): boolean {
  return (
    /^(\/[^/,\0\n]+)+$/.test(written) && !written.split('/').some((part) => part === '.' || part === '..')
  );
}

interface Asked {
  readonly envMode?: 'env-file' | 'mount' | undefined;
  readonly envPath?: string | undefined;
  readonly files?: Readonly<Record<string, string>> | undefined;
  readonly volumes?: readonly Mount[] | undefined;
  readonly readOnly?: boolean | undefined;
}

/** What is wrong with the files that a container shall get, as a sentence that names the inputs. */
export function complaintAboutFiles({
  envMode,
  envPath,
  files = {},
  volumes = [],
  readOnly,
}: Asked): string | undefined {
  if (envMode === 'mount' && envPath === undefined) return 'env-path: is required with env-mode: mount';
  if (envMode !== 'mount' && envPath !== undefined) return 'env-path: is only for env-mode: mount';
  if (envPath !== undefined && !isPath(envPath))
    return `env-path: "${envPath}" is not a whole path, like /app/.env`;
  const written = [...Object.keys(files), ...(envPath === undefined ? [] : [envPath])];
  if (envPath !== undefined && envPath in files) return `files: ${envPath} is env-path, too`;
  const [inside] = written.flatMap((path) =>
    volumes.filter(({ target }) => isBelow(path, target)).map(({ target }) => ({ path, target })),
  );
  // The old version would read it before the new one serves.
  if (inside !== undefined)
    return `files: ${inside.path} is in the volume ${inside.target}, which other containers share`;
  if (readOnly === true && written.length > 0)
    return 'files and env-mode: mount write into the container, and read-only forbids it';
  return undefined;
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder.replace(/\/$/, '')}/`);
}
