/** Archives in the format of `tar` (POSIX ustar), as Docker gives and takes them. */

const block = 512;

/** What stands before the content of one file in an archive. */
export interface TarFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly mode?: number;
  readonly user?: number;
  readonly group?: number;
}

/**
 * The header of one file; its content and `tarPadding` follow.
 * @throws RangeError when the name is too long for the format.
 */
export function tarHeader({ name, size, mode = 0o644, user = 0, group = 0 }: TarFile): Buffer {
  const [prefix, last] = splitName(name);
  const header = Buffer.alloc(block);
  const octal = (value: number, offset: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1');
  header.write(last, 0);
  octal(mode, 100, 8);
  octal(user, 108, 8);
  octal(group, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12); // always the same time: the same content makes the same archive
  header.write('        ', 148, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function splitName(name: string): [prefix: string, last: string] {
  if (Buffer.byteLength(name) <= 100) return ['', name];
  for (let cut = name.indexOf('/'); cut !== -1; cut = name.indexOf('/', cut + 1)) {
    const [prefix, last] = [name.slice(0, cut), name.slice(cut + 1)];
    if (Buffer.byteLength(prefix) <= 155 && last !== '' && Buffer.byteLength(last) <= 100)
      return [prefix, last];
  }
  throw new RangeError(`"${name}" is too long for the name of a file in an archive`);
}

/** What fills the last block of a content. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((block - (size % block)) % block);
}

export function tarEnd(): Buffer {
  return Buffer.alloc(2 * block);
}

/** A whole archive of a few small files. */
export function tarOf(files: readonly (Omit<TarFile, 'size'> & { readonly content: Buffer })[]): Buffer {
  const parts = files.flatMap(({ content, ...file }) => [
    tarHeader({ ...file, size: content.length }),
    content,
    tarPadding(content.length),
  ]);
  return Buffer.concat([...parts, tarEnd()]);
}

/** One file, folder or link of an archive that is read. */
export interface TarEntry {
  readonly name: string;
  readonly kind: 'file' | 'link' | 'other';
  /** Where a link leads. */
  readonly target: string;
  /** Bytes. */
  readonly size: number;
  /** The content; what is not taken before the next entry is asked for is skipped. */
  readonly content: AsyncGenerator<Buffer>;
}

/**
 * The entries of an archive, one after the other as they come.
 * @throws Error when it ends in the middle, or is no archive.
 */
export async function* tarEntries(source: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const bytes = new Bytes(source);
  let extended: { path?: string; linkpath?: string; size?: number } = {};
  for (;;) {
    const header = await bytes.exactly(block);
    if (header === undefined) throw new Error('the archive has no end');
    if (header.every((byte) => byte === 0)) return await bytes.skipAll();
    const { type, ...written } = readHeader(header);
    if ('xgLK'.includes(type)) {
      const text = await bytes.exactly(written.size + tarPadding(written.size).length);
      if (text === undefined) throw new Error('the archive ends in the middle');
      extended = { ...extended, ...readExtension(type, text.subarray(0, written.size)) };
      continue;
    }
    const size = extended.size ?? written.size;
    const content = bytes.take(size);
    yield {
      name: (extended.path ?? written.name).replace(/^\.\//, ''),
      kind: type === '0' || type === '\0' ? 'file' : type === '2' || type === '1' ? 'link' : 'other',
      target: extended.linkpath ?? written.target,
      size,
      content,
    };
    for await (const _rest of content); // what nobody took
    await bytes.exactly(tarPadding(size).length);
    extended = {};
  }
}

function readHeader(header: Buffer) {
  const text = (offset: number, length: number) =>
    header.toString('utf8', offset, offset + length).replace(/\0[\s\S]*$/, '');
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (Number.parseInt(text(148, 8), 8) !== sum) throw new Error('it is no archive');
  const prefix = text(257, 5) === 'ustar' && header[263] === 0x30 ? text(345, 155) : '';
  // A number of eleven octal digits; a larger one in binary, marked by its first bit.
  const size =
    ((header[124] ?? 0) & 0x80) === 0 ? Number.parseInt(text(124, 12), 8) : header.readUIntBE(130, 6);
  return {
    name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    size,
    type: String.fromCharCode(header[156] ?? 0),
    target: text(157, 100),
  };
}

function readExtension(type: string, text: Buffer): { path?: string; linkpath?: string; size?: number } {
  const whole = text.toString('utf8');
  if (type === 'L') return { path: whole.replace(/\0[\s\S]*$/, '') };
  if (type === 'K') return { linkpath: whole.replace(/\0[\s\S]*$/, '') };
  if (type === 'g') return {};
  const found: { path?: string; linkpath?: string; size?: number } = {};
  let rest = text;
  while (rest.length > 0) {
    const length = Number.parseInt(rest.toString('latin1', 0, 20), 10);
    if (!(length > 0)) break;
    const [, key, value] = /^\d+ ([^=]+)=([\s\S]*)\n$/.exec(rest.toString('utf8', 0, length)) ?? [];
    if (key === 'path' && value !== undefined) found.path = value;
    if (key === 'linkpath' && value !== undefined) found.linkpath = value;
    if (key === 'size') found.size = Number(value);
    rest = rest.subarray(length);
  }
  return found;
}

/** A stream from which exact numbers of bytes are taken. */
class Bytes {
  #source: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async #next(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const { done, value } = await this.#source.next();
      if (done === true) return false;
      this.#chunk = value;
    }
    return true;
  }

  /** undefined when the stream has ended. */
  async exactly(length: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    for await (const part of this.take(length, true)) parts.push(part);
    const all = Buffer.concat(parts);
    return all.length === length ? all : undefined;
  }

  async *take(length: number, mayEnd = false): AsyncGenerator<Buffer> {
    let left = length;
    const part = async () => {
      if (!(await this.#next())) {
        if (mayEnd) return undefined;
        throw new Error('the archive ends in the middle');
      }
      const found = this.#chunk.subarray(0, left);
      this.#chunk = this.#chunk.subarray(found.length);
      left -= found.length;
      return found;
    };
    let isTaken = false;
    try {
      while (left > 0) {
        const found = await part();
        if (found === undefined) return;
        yield found;
      }
      isTaken = true;
    } finally {
      while (!isTaken && left > 0 && (await part()) !== undefined); // whoever took it stopped in the middle
    }
  }

  async skipAll(): Promise<void> {
    this.#chunk = Buffer.alloc(0);
    while (!(await this.#source.next()).done);
  }
}
