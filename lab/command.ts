import { spawn } from 'node:child_process';

export interface CommandOptions {
  /** Written to the standard input, which is then closed. Secrets go this way. */
  readonly stdin?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Milliseconds until the command is killed; none by default. */
  readonly timeout?: number;
  /** What to call the command in an error, instead of its argument list. */
  readonly label?: string;
  /** Called with every line of output (both streams). */
  readonly onLine?: (line: string) => void;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end and returns what it said, whatever its exit code. */
export function tryCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program = '', ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, {
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.timeout === undefined ? {} : { timeout: options.timeout, killSignal: 'SIGKILL' as const }),
    });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      let rest = '';
      child[name].setEncoding('utf8');
      child[name].on('data', (text: string) => {
        texts[name] += text;
        if (options.onLine === undefined) return;
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        lines.forEach(options.onLine);
      });
    }
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({
        code: code ?? 128,
        ...texts,
        ...(signal === null ? {} : { stderr: `${texts.stderr}\nended by ${signal}` }),
      });
    });
    child.stdin.on('error', () => {}); // a program that ends before it has read everything
    child.stdin.end(options.stdin ?? '');
  });
}

/**
 * Runs a program that must succeed.
 * @returns its standard output
 * @throws Error with the command line and the last lines it said
 */
export async function command(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await tryCommand(argv, options);
  if (result.code === 0) return result.stdout;
  const said = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-6).join('\n  ');
  throw new Error(`${options.label ?? argv.join(' ')} — exit code ${result.code}\n  ${said}`);
}
