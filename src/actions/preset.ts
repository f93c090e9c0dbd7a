import type { CommandProject, RegisteringProject } from '../command/project.ts';
import { parseRegisterCommand, parseSharedCommand, parseTenantCommand } from '../command/words.ts';
import { libpqVariables } from '../database/libpq-variables.ts';
import type { DatabaseUrl } from '../database/url.ts';
import { composeUrl } from '../database/url-compose.ts';
import type { DjangoProject } from '../django/project.ts';
import { listed } from '../ground/words.ts';
import { isUnlimited, type Timeouts, withTimeouts } from '../machine/timeouts.ts';
import type { Tunnel } from '../machine/tunnel.ts';
import { notOfManagePy } from '../migrations/smoke-command.ts';
import type { Inputs } from '../step/action.ts';
import { boolean, choice, readAs, text } from '../step/fields.ts';
import { kebabCase } from '../step/manifest.ts';

/** What kind of application it is, and for one that is not Django: how it is migrated. */
export const presetFields = {
  preset: choice('django-tenants', 'command'),
  sharedCommand: readAs(parseSharedCommand).optional(),
  tenantCommand: readAs(parseTenantCommand).optional(),
  tenantQuery: text.optional(),
  tenantCommandRepeatable: boolean,
};

/** A Django project says nothing more. */
export const djangoPreset: Inputs<typeof presetFields> = {
  preset: 'django-tenants',
  sharedCommand: undefined,
  tenantCommand: undefined,
  tenantQuery: undefined,
  tenantCommandRepeatable: false,
};

type Preset = Inputs<typeof presetFields>;

/** Of these, what making tenants is for; and how an application learns of one. */
export const registeringFields = {
  preset: presetFields.preset,
  tenantCommand: presetFields.tenantCommand,
  tenantQuery: presetFields.tenantQuery,
  registerCommand: readAs(parseRegisterCommand).optional(),
  unregisterCommand: readAs(parseRegisterCommand).optional(),
};

/** Inputs that ask something of Django, and the values by which they ask nothing. */
const ofDjango: Readonly<Record<string, unknown>> = {
  python: 'python',
  settingsModule: undefined,
  superTenantCommand: undefined,
  engine: 'auto',
  postMigrate: 'auto',
  fakeInitial: 'shared-if-identical',
  allowUnknownMigrations: false,
  tenantName: undefined,
  tenantType: undefined,
  fields: undefined,
  superuserEmail: undefined,
  superuserUsername: undefined,
  superuserPassword: undefined,
};

const ofCommands: Readonly<Record<string, unknown>> = {
  sharedCommand: undefined,
  tenantCommand: undefined,
  tenantQuery: undefined,
  tenantCommandRepeatable: false,
  registerCommand: undefined,
  unregisterCommand: undefined,
};

type Given = Partial<Preset> & {
  readonly smokeCommand?: Parameters<typeof notOfManagePy>[0] | undefined;
  readonly rollout?:
    | readonly { readonly name: string; readonly type?: readonly string[] | undefined }[]
    | undefined;
};

/** The inputs belong to one kind of application, and are all there. */
export const presetRules: readonly ((given: Given) => string | undefined)[] = [
  (given) => {
    const foreign = given.preset === 'command' ? ofDjango : ofCommands;
    const names = Object.entries(foreign)
      .filter(([name, nothing]) => {
        const value = (given as Readonly<Record<string, unknown>>)[name];
        return value !== undefined && value !== nothing;
      })
      .map(([name]) => kebabCase(name));
    if (names.length === 0) return undefined;
    const whose = given.preset === 'command' ? 'Django only, and preset is command' : 'preset: command only';
    return `${listed(names)}: ${names.length === 1 ? 'is' : 'are'} for ${whose}`;
  },
  ({ preset, tenantCommand, tenantQuery }) => {
    if (preset !== 'command') return undefined;
    const missing = Object.entries({ tenantCommand, tenantQuery }).filter(([, value]) => value === undefined);
    return missing.length === 0
      ? undefined
      : `${listed(missing.map(([name]) => kebabCase(name)))}: is required with preset: command`;
  },
  ({ preset, smokeCommand = [] }) => (preset === 'command' ? undefined : notOfManagePy(smokeCommand)),
  ({ preset, rollout = [] }) => {
    const typed = preset === 'command' ? rollout.find(({ type }) => type !== undefined) : undefined;
    return (
      typed &&
      `rollout: the group ${typed.name} has type, which is for Django only: select by schemas or query`
    );
  },
];

interface Place {
  readonly databaseUrl: DatabaseUrl;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** The database is reached through it. */
  readonly through: Tunnel | undefined;
}

/** The project of a Django application, or the same place with the commands of another. */
export function presetProject(inputs: Preset & Place, django: DjangoProject): DjangoProject | CommandProject {
  if (inputs.preset !== 'command') return django;
  const { sharedCommand, tenantCommand = [], tenantQuery = '', tenantCommandRepeatable } = inputs;
  const { machine, workingDirectory, env, sessions, timeouts } = django;
  const url = urlFor(inputs, timeouts);
  return {
    machine,
    workingDirectory,
    env: {
      ...libpqVariables(url),
      ...env,
      DATABASE_URL: composeUrl(url, url.scheme),
      DB_HOST: url.host,
      ...inputs.env,
      ...(env.PGOPTIONS === undefined ? {} : { PGOPTIONS: env.PGOPTIONS }),
    },
    sessions,
    timeouts,
    sharedCommand,
    tenantCommand,
    tenantQuery,
    repeatable: tenantCommandRepeatable,
  };
}

/** The same, where tenants are made. */
export function registeringProject(
  inputs: Inputs<typeof registeringFields> & Place,
  django: DjangoProject,
): DjangoProject | RegisteringProject {
  const { registerCommand = [], unregisterCommand } = inputs;
  const preset = { ...inputs, sharedCommand: undefined, tenantCommandRepeatable: false };
  const project = presetProject(preset, django);
  return 'tenantQuery' in project ? { ...project, registerCommand, unregisterCommand } : project;
}

/** The address for drivers of every kind. */
function urlFor({ databaseUrl, through }: Place, timeouts: Timeouts | undefined): DatabaseUrl {
  const { options, sslmode } = databaseUrl.params;
  // Options in the URL stand in place of PGOPTIONS, so the limits have to be there, too.
  const limited =
    options === undefined || timeouts === undefined || isUnlimited(timeouts)
      ? {}
      : { options: withTimeouts(options, timeouts) };
  // Only libpq can call a host by one name and connect to another address, as a certificate's name asks for.
  const host = through === undefined || sslmode === 'verify-full' ? databaseUrl.host : '127.0.0.1';
  const port = through === undefined ? databaseUrl.port : String(through.port);
  return { ...databaseUrl, host, port, params: { ...databaseUrl.params, ...limited } };
}
