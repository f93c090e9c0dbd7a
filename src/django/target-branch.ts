import * as z from 'zod';

import { probe } from './probe.ts';
import type { DjangoProject, ManageOptions } from './project.ts';

/**
 * Makes in the project's database, which has to be empty and is thrown away, what its code makes: the shared schema,
 * and a tenant of each type. @returns the tenants' schemas
 * @throws UserError `preview-database-failed`, and why a project cannot answer
 */
export async function makeAsCodeDoes(project: DjangoProject, options: ManageOptions): Promise<string[]> {
  const answer = z.looseObject({ schemas: z.array(z.string()) });
  return (await probe(project, 'target_branch', { request: {}, answer }, options)).schemas;
}
