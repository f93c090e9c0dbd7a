/** The last lines of a container. */
export interface ContainerLog {
  /** Both streams in the order of time. */
  readonly text: string;
  /** The line that most probably says why it ended: the last one of standard error, where there is one. */
  readonly lastLine: string;
}

/** Reads both streams of `docker logs --timestamps`. Docker itself does not keep their order. */
export function readLog(stdout: string, stderr: string): ContainerLog {
  const streams = { stdout: stampedLines(stdout), stderr: stampedLines(stderr) };
  const lines = [...streams.stdout, ...streams.stderr].sort((a, b) =>
    a.time < b.time ? -1 : Number(a.time > b.time),
  );
  const last = (stream: readonly StampedLine[]) =>
    stream.findLast(({ text }) => text.trim() !== '')?.text.trim();
  const lastLine = last(streams.stderr) ?? last(streams.stdout) ?? '';
  return {
    text: lines.map(({ text }) => text).join('\n'),
    lastLine: lastLine.length > 300 ? `${lastLine.slice(0, 299)}…` : lastLine,
  };
}

interface StampedLine {
  /** RFC 3339 in UTC with nine digits: its order as text is its order in time. */
  readonly time: string;
  readonly text: string;
}

function stampedLines(stream: string): StampedLine[] {
  return stream
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, time = '', text = line] = /^(\d{4}-\d\d-\d\dT\S+Z) ?(.*?)\r?$/.exec(line) ?? [];
      return { time, text };
    });
}
