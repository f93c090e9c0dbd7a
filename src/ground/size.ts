const bytesPer = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;
type Unit = keyof typeof bytesPer;

/**
 * Bytes of a size with its unit: `512MiB`, `1.5GiB`.
 * @throws RangeError that says how to write it.
 */
export function parseSize(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)$/.exec(text.trim()) ?? [];
  if (amount !== undefined && unit !== undefined) return Math.round(Number(amount) * bytesPer[unit as Unit]);
  if (/^\d+$/.test(text.trim())) {
    throw new RangeError(`"${text}" has no unit — did you mean ${text.trim()}MiB or ${text.trim()}B?`);
  }
  throw new RangeError(`"${text}" is not a size — write a number and a unit, like 512MiB or 2GiB`);
}

/**
 * A number of processors, as a share of one or more: `0.5`, `2`.
 * @throws RangeError that says how to write it.
 */
export function parseCpus(text: string): number {
  const cpus = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : 0;
  if (cpus > 0) return cpus;
  throw new RangeError(`"${text}" is not a number of processors — write it like 0.5 or 2`);
}

/** `512 MiB`, `1.5 GiB`. */
export function showSize(bytes: number): string {
  const unit = (['GiB', 'MiB', 'KiB'] as const).find((name) => bytes >= bytesPer[name]) ?? 'B';
  return `${Number((bytes / bytesPer[unit]).toFixed(1))} ${unit}`;
}
