import type { CommandProject } from '../command/project.ts';
import type { DjangoProject } from '../django/project.ts';
import type { Application } from './application.ts';
import { commandApplication } from './command-application.ts';
import { djangoApplication } from './django-application.ts';

/** The kinds of project that can be migrated. */
export type AnyProject = DjangoProject | CommandProject;

export function applicationOf(project: AnyProject): Application {
  return 'tenantQuery' in project ? commandApplication(project) : djangoApplication(project);
}
