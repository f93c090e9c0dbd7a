import { tryCommand } from '../../lab/command.ts';
import { shellBlocks } from '../workflows/snippets.ts';

interface Reader {
  /** Where the reader is. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** What the reader writes instead of the names of the document. */
  readonly names: Readonly<Record<string, string>>;
  /** Runs what is for the server there. */
  onServer(script: string): Promise<unknown>;
}

/**
 * Types every command of a document, in the order and as it stands.
 * @returns what they printed on standard output
 * @throws Error of the first that fails
 */
export async function typeCommands(document: string, reader: Reader): Promise<string> {
  const blocks = shellBlocks.filter((block) => block.document === document);
  const whole = blocks.map(({ text }) => text).join();
  const strange = Object.keys(reader.names).filter((name) => !whole.includes(name));
  if (strange.length > 0) throw new Error(`${document} has no ${strange.join(', ')}`);
  let exported = '';
  let printed = '';
  for (const { name, text, isForServer } of blocks) {
    const typed = Object.entries(reader.names).reduce(
      (script, [from, to]) => script.replaceAll(from, to),
      text,
    );
    if (isForServer) {
      await reader.onServer(typed);
      continue;
    }
    const { code, stdout, stderr } = await tryCommand(['bash', '-euc', exported + typed], {
      cwd: reader.folder,
      env: reader.environment,
    });
    if (code !== 0) throw new Error(`${name} ended with ${code}\n${stdout}\n${stderr}`);
    exported += typed.replaceAll(/^(?!export ).*\n/gm, '');
    printed += stdout;
  }
  return printed;
}
