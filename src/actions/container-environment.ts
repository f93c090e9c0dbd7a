import {
  type Environment,
  readEnvironment,
  secretsInEnvironment,
} from '../deployment/request/environment.ts';
import { messageOf, UserError } from '../ground/errors.ts';
import { localMachine } from '../machine/local.ts';

/**
 * The variables of the file and of the input, which count more.
 * @throws UserError `env-file-unreadable`, `env-invalid`
 */
export async function environmentOf(
  { env = {}, envFile }: { readonly env?: Environment | undefined; readonly envFile?: string | undefined },
  mask: (secret: string) => void,
): Promise<Environment> {
  if (envFile === undefined) return env;
  const text = await localMachine.readFile(envFile);
  if (text === undefined) {
    throw new UserError(
      `The environment cannot be read — there is no file ${envFile} here`,
      'correct env-file: a path from the folder of the checkout on',
      { code: 'env-file-unreadable' },
    );
  }
  let read: Environment;
  try {
    read = readEnvironment(text);
  } catch (error) {
    const said = messageOf(error);
    const line = /^line (\d+)/.exec(said)?.[1];
    throw new UserError(`${envFile} cannot be given to Docker — ${said}`, 'correct the file', {
      code: 'env-invalid',
      place: { file: envFile, line: line === undefined ? undefined : Number(line) },
    });
  }
  for (const secret of secretsInEnvironment(read)) mask(secret);
  return { ...read, ...env };
}
