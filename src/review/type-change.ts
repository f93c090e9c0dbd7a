/**
 * Whether PostgreSQL writes a table anew when a column changes its type. Types as `format_type` shows them, or as the
 * parser names them.
 * @param from undefined: not known, and then it may
 */
export function rewritesFor(from: string | undefined, to: string): boolean {
  if (from === undefined) return true;
  const [old, now] = [named(from), named(to)];
  if (old.name === now.name && old.size === now.size) return false;
  const isText = ({ name }: Named) => name === 'text' || name === 'varchar';
  if (isText(old) && isText(now)) {
    const [before = Number.POSITIVE_INFINITY] = old.name === 'text' ? [] : old.numbers;
    const [after = Number.POSITIVE_INFINITY] = now.name === 'text' ? [] : now.numbers;
    return after < before;
  }
  if (old.name === 'numeric' && now.name === 'numeric') {
    const [digits = 0, scale = 0] = old.numbers;
    const [more = Number.POSITIVE_INFINITY, same = scale] = now.numbers;
    return old.numbers.length === 0 || more < digits || (now.numbers.length > 0 && same !== scale);
  }
  const precise = ['timestamp', 'timestamptz', 'time', 'timetz', 'interval', 'varbit'];
  if (old.name === now.name && precise.includes(old.name)) {
    const [after = Number.POSITIVE_INFINITY] = now.numbers;
    const [before = Number.POSITIVE_INFINITY] = old.numbers;
    return after < before;
  }
  return !(old.name === 'cidr' && now.name === 'inet');
}

interface Named {
  readonly name: string;
  readonly numbers: readonly number[];
  readonly size: string;
}

const otherNames: Readonly<Record<string, string>> = {
  'character varying': 'varchar',
  character: 'bpchar',
  'timestamp with time zone': 'timestamptz',
  'timestamp without time zone': 'timestamp',
  'time without time zone': 'time',
  'double precision': 'float8',
  real: 'float4',
  integer: 'int4',
  bigint: 'int8',
  smallint: 'int2',
  boolean: 'bool',
};

function named(type: string): Named {
  const size = /\(([\d, ]+)\)/.exec(type)?.[1]?.replaceAll(' ', '') ?? '';
  const bare = type.replace(/\([\d, ]+\)/, '').trim();
  return {
    name: otherNames[bare] ?? bare,
    size,
    numbers: size === '' ? [] : size.split(',').map(Number),
  };
}
