import type { DjangoProject } from '../django/project.ts';
import type { Application } from './application.ts';
import { djangoApplication } from './django-application.ts';

/** The kinds of project that can be migrated. */
export type AnyProject = DjangoProject;

export function applicationOf(project: AnyProject): Application {
  return djangoApplication(project);
}
