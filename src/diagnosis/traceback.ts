/** The last traceback of a log, reduced to its cause and the line of the project's own code. Python and Node. */

export interface Traceback {
  /** `ImproperlyConfigured: Set the SECRET_KEY environment variable`. */
  readonly cause: string;
  /** `shop/settings.py:14`; undefined where no frame is the project's own. */
  readonly frame: string | undefined;
  /** Its lines, and what the program said of it afterwards. */
  readonly text: string;
}

/** More lines after it than these, and it is not what the program ended of. */
const stillTheReason = 40;

export function lastTraceback(log: string): Traceback | undefined {
  const lines = log.split('\n').map(withoutPrefix);
  const found = [pythonIn(lines), nodeIn(lines), serverIn(lines)].filter((each) => each !== undefined);
  const [last] = found.sort((a, b) => b.end - a.end);
  if (last === undefined || lines.length - last.end > stillTheReason) return undefined;
  const { cause, frame, begin, end } = last;
  return { cause: shortened(cause), frame, text: lines.slice(begin, end + 6).join('\n') };
}

interface Found {
  readonly cause: string;
  readonly frame: string | undefined;
  /** Its first line, and the one after its last. */
  readonly begin: number;
  readonly end: number;
}

/** Supervisors put a name before what their programs say: `web-1  | Traceback …`. */
export function withoutPrefix(line: string): string {
  return line.replace(/^[\w.-]+ +\| /, '');
}

function pythonIn(lines: readonly string[]): Found | undefined {
  const begin = lines.findLastIndex((line) => /Traceback \(most recent call last\)|^Traceback$/.test(line));
  if (begin === -1) return undefined;
  const indent = /^\s*/.exec(lines[begin] ?? '')?.[0] ?? '';
  const frames: string[] = [];
  for (let at = begin + 1; at < lines.length; at += 1) {
    const line =
      lines[at]?.startsWith(indent) === true ? (lines[at] ?? '').slice(indent.length) : (lines[at] ?? '');
    const file = pythonFile(line);
    if (file !== undefined) frames.push(file);
    else if (/^[A-Za-z_][\w.]*(?:$|: |:$)/.test(line)) {
      return { cause: line.replace(/:$/, ''), frame: ownFrame(frames.reverse()), begin, end: at + 1 };
    }
  }
  return undefined; // it was cut off
}

const notOwnPython = /site-packages|dist-packages|\/lib\/python\d|^<|\/bin\/[^/]+:\d+$/;
const notOwnNode = /node_modules|^node:|^internal\//;

/** `/app/shop/settings.py:14` of a line about a frame. */
export function pythonFile(line: string): string | undefined {
  const [, file, number] = /^\s+File "([^"]+)", line (\d+)/.exec(line) ?? [];
  return file === undefined ? undefined : `${file}:${number}`;
}

/** The same of Node; empty where it has no file. */
export function nodeFile(line: string): string | undefined {
  if (!isNodeFrame(line)) return undefined;
  const [, file = ''] =
    /(?:\(|at (?:async )?|file:\/\/)((?:\/|node:|internal\/)[^():]+:\d+):\d+\)?$/.exec(line) ?? [];
  return file.replace(/^file:\/\//, '');
}

export function isLibrary(frame: string): boolean {
  return frame === '' || notOwnPython.test(frame) || notOwnNode.test(frame);
}

function ownFrame(frames: readonly string[]): string | undefined {
  const own = frames.find((frame) => !isLibrary(frame));
  return own?.replace(/^\/(?:usr\/src\/app|srv\/app|opt\/app|app|code|src)\//, '');
}

/** The error stands before its frames: `Error: Cannot find module 'x'` and `    at … (/app/server.js:3:11)`. */
function nodeIn(lines: readonly string[]): Found | undefined {
  const at = lines.findLastIndex((line, index) => isNodeFrame(line) && !isNodeFrame(lines[index - 1] ?? ''));
  if (at === -1) return undefined;
  const begin = lines.findLastIndex(
    (line, index) =>
      index < at && index >= at - 8 && /^(?:Uncaught )?[A-Za-z]*(?:Error|Exception)\b/.test(line),
  );
  if (begin === -1) return undefined;
  let end = at;
  while (isNodeFrame(lines[end] ?? '')) end += 1;
  const frames = lines.slice(at, end).flatMap((line) => nodeFile(line) ?? []);
  return { cause: lines[begin]?.replace(/^Uncaught /, '') ?? '', frame: ownFrame(frames), begin, end };
}

function isNodeFrame(line: string): boolean {
  return /^\s+at .*(?::\d+:\d+\)?|\(<anonymous>\)|\(native\))$/.test(line);
}

/** What servers of Python tell without a traceback when there is no such application. */
function serverIn(lines: readonly string[]): Found | undefined {
  const told = /(?:Error loading ASGI app\. |Failed to (?:find|parse) ).*/;
  const at = lines.findLastIndex((line) => told.test(line));
  const cause = told.exec(lines[at] ?? '')?.[0];
  return cause === undefined ? undefined : { cause, frame: undefined, begin: at, end: at + 1 };
}

/** The module of an exception says nothing to whoever reads its name; a sentence has no room for pages. */
function shortened(cause: string): string {
  const text = cause.replace(/^(?:[a-z_]\w*\.)+(?=[A-Z])/, '').trim();
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}
