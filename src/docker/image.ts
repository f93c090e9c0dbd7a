/** The name of an image, taken apart. */
export interface ImageReference {
  /** `docker.io` where none was written. */
  readonly registry: string;
  /** With the `library/` that Docker Hub's own images have. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
  /** Registry and repository as they were written: what Docker wants to read again. */
  readonly name: string;
  /** Of the image's configuration on one server: where no registry has it, or has it any more. */
  readonly id?: string | undefined;
}

const hub = 'docker.io';

/**
 * Reads `registry/name:tag@sha256:…` by the rules of the distribution reference grammar.
 * @throws RangeError that says how to write it. `latest` (written or meant) and `…-latest` are refused: they name
 *   another image tomorrow. With a digest they are welcome.
 */
export function parseImage(text: string): ImageReference {
  const image = readReference(text);
  if (image.digest !== undefined) return image;
  if (image.tag === undefined || image.tag === 'latest' || image.tag.endsWith('-latest')) {
    const observed = image.tag === undefined ? 'without a tag it means latest' : `${image.tag} moves`;
    throw new RangeError(
      `${text} is not one image but whichever is newest — ${observed} — deploy a tag that stays, like the commit it was built from, or add the digest: NAME@sha256:…`,
    );
  }
  return image;
}

/** Registry and repository alone. @throws RangeError that says how to write it. */
export function readImageName(text: string): ImageReference {
  return { ...readReference(text), tag: undefined, digest: undefined };
}

function readReference(text: string): ImageReference {
  const [, name = '', tag, digest] =
    /^([^@\s]+?)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(text) ?? [];
  const [first = '', ...rest] = name.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = hasRegistry ? rest.join('/') : name;
  const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
  const whole = path !== '' && path.split('/').every((part) => component.test(part));
  if (!whole || (hasRegistry && !/^[A-Za-z0-9.-]+(:\d+)?$|^\[[0-9A-Fa-f:]+\](:\d+)?$/.test(first))) {
    throw new RangeError(`"${text}" is not the name of an image — ${howToWrite(text, path)}`);
  }
  const registry = hasRegistry ? first : hub;
  const repository = registry === hub && !path.includes('/') ? `library/${path}` : path;
  return { registry, repository, tag, digest, name };
}

function howToWrite(text: string, path: string): string {
  if (/[A-Z]/.test(path))
    return `a repository is written in lower case: ${text.replace(path, path.toLowerCase())}`;
  if (/@sha256:/.test(text)) return 'a digest is sha256: and 64 hexadecimal digits';
  return 'write it as registry/name:tag, like ghcr.io/acme/shop:3f2a91c';
}

/** The reference by tag, as it is pulled; by digest where that was given. */
export function showImage({ name, tag, digest, id }: ImageReference): string {
  if (id !== undefined) return id;
  return digest === undefined ? `${name}:${tag}` : `${name}@${digest}`;
}

/** The reference that always means the same bytes. */
export function pinnedImage({ name, id }: ImageReference, digest: string): string {
  return id ?? `${name}@${digest}`;
}

/** `sha256:3f2a91c…`, short enough for a line of a log. */
export function shortDigest(digest: string): string {
  return digest.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]*$/, '$1');
}

/**
 * The digest under which a server knows this image: from `RepoDigests` of `docker image inspect`, of the entries
 * with the same repository. undefined when there is none, or more than one to choose from.
 */
export function digestAmong(repoDigests: readonly string[], image: ImageReference): string | undefined {
  const digests = new Set(
    repoDigests
      .map(readReference)
      .filter((other) => sameRepository(other, image))
      .map(({ digest }) => digest),
  );
  if (image.digest !== undefined) return digests.has(image.digest) ? image.digest : undefined;
  return digests.size === 1 ? [...digests][0] : undefined;
}

function sameRepository(one: ImageReference, other: ImageReference): boolean {
  return one.registry === other.registry && one.repository === other.repository;
}
