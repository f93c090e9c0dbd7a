/** What a registry says of an image, before it is pulled. */
import * as z from 'zod';

const layer = z.object({ digest: z.string(), size: z.number() });
const single = z.object({ layers: z.array(layer) });
const several = z.object({
  manifests: z.array(
    z.object({
      digest: z.string(),
      platform: z.object({ os: z.string(), architecture: z.string() }).partial().nullish(),
    }),
  ),
});

/** A layer as it is transferred: compressed. Bytes. */
export type Layer = z.infer<typeof layer>;

/** The layers of an image; or, of one that is built for several platforms, where to look for them. */
export type Manifest = { readonly layers: readonly Layer[] } | { readonly see: string };

/** Reads what `docker manifest inspect` prints; undefined when it says nothing of this platform. */
export function readManifest(text: string, platform: string): Manifest | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const one = single.safeParse(json);
  if (one.success) return { layers: one.data.layers };
  const found = several
    .safeParse(json)
    .data?.manifests.find(({ platform: its }) => `${its?.os}/${its?.architecture}` === platform);
  return found === undefined ? undefined : { see: found.digest };
}

/** Bytes of the layers that none of the other images has. */
export function sizeToPull(wanted: readonly Layer[], others: readonly (readonly Layer[])[]): number {
  const there = new Set(others.flat().map(({ digest }) => digest));
  return wanted.filter(({ digest }) => !there.has(digest)).reduce((sum, { size }) => sum + size, 0);
}
