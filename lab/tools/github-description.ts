import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { command } from '../command.ts';
import { type LabFolders, labFolders } from '../folders.ts';
import { installOnce } from './install-once.ts';

const version = '23.0.2';

/**
 * What GitHub publishes about its API: paths, parameters, bodies and answers, with examples (OpenAPI 3.0). One file
 * of 13 MB out of a package of 400.
 * @returns the file's path
 */
export async function githubDescription(folders: LabFolders = labFolders()): Promise<string> {
  const folder = await installOnce(folders, `github-description-${version}`, async (unfinished) => {
    mkdirSync(unfinished, { recursive: true });
    const archive = await command(
      ['npm', 'pack', '--silent', '--prefer-offline', `@octokit/openapi@${version}`],
      { cwd: unfinished },
    );
    const path = join(unfinished, archive.trim());
    await command(['tar', '-xzf', path, '-C', unfinished, '--strip-components=2', described]);
    rmSync(path);
  });
  return join(folder, 'api.github.com.json');
}

const described = 'package/generated/api.github.com.json';
