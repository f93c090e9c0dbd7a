/**
 * Files that a container gets before it starts. They go into the container itself, as an archive by standard input:
 * its owner and mode stand in the archive, so that nobody needs to be root, and no file lies on the server.
 */
import type { ContainerFile } from './container-spec.ts';
import { tarOf } from './tar.ts';

/** The numbers of a user and group. */
export interface Owner {
  readonly user: number;
  readonly group: number;
}

/**
 * Prints whom a container runs as, and, where that is a name, its lists of users and groups. Arguments: its name.
 * A link is followed: in some images the lists lie elsewhere.
 */
export const lookWhoRuns = `
  user=$(docker container inspect --format '{{.Config.User}}' "$1") || exit
  echo "user $user"
  case $user in
    *[!0-9:]*)
      docker cp --follow-link "$1:/etc/passwd" - | tar -xOf - | sed 's/^/passwd /'
      docker cp --follow-link "$1:/etc/group" - 2>/dev/null | tar -xOf - 2>/dev/null | sed 's/^/group /'
      ;;
    ?*) docker cp --follow-link "$1:/etc/passwd" - 2>/dev/null | tar -xOf - 2>/dev/null | sed 's/^/passwd /' ;;
  esac
  true`;

/**
 * Reads what `lookWhoRuns` prints.
 * @returns undefined when the image does not know the name.
 */
export function readOwner(text: string): Owner | undefined {
  const rows = (kind: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${kind} `))
      .map((line) => line.slice(kind.length + 1).split(':'));
  const [written = ''] = rows('user').map((parts) => parts.join(':'));
  const [name = '', groupName] = written.split(':');
  if (name === '') return { user: 0, group: 0 };
  const isNumber = (word: string) => /^\d+$/.test(word);
  const person = rows('passwd').find(([known, , id]) => (isNumber(name) ? id === name : known === name));
  const user = isNumber(name) ? name : person?.[2];
  const group =
    groupName === undefined
      ? (person?.[3] ?? '0')
      : isNumber(groupName)
        ? groupName
        : rows('group').find(([known]) => known === groupName)?.[2];
  return user === undefined || group === undefined ? undefined : { user: Number(user), group: Number(group) };
}

/** The archive for `docker cp - CONTAINER:/`. Secret. */
export function archiveOf(files: readonly ContainerFile[], { user, group }: Owner): Buffer {
  return tarOf(
    files.map(({ path, content, mode }) => ({
      name: path.replace(/^\/+/, ''),
      content: Buffer.from(content),
      mode,
      user,
      group,
    })),
  );
}
