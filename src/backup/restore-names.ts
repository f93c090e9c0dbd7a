/** PostgreSQL keeps so many bytes of a name. */
const longestName = 63;

/** A schema's name with an end; of a long one, as much as there is room for. Pure. */
export function nameWith(schema: string, end: string): string {
  let start = schema;
  while (Buffer.byteLength(`${start}${end}`) > longestName) start = [...start].slice(0, -1).join('');
  return `${start}${end}`;
}
