import { parseImage } from '../docker/image.ts';
import { listed } from '../ground/words.ts';
import { notOfManagePy } from '../migrations/smoke-command.ts';
import { parseAfterCommand } from '../provisioning/after-command.ts';
import type { ActionContext, Inputs } from '../step/action.ts';
import { boolean, choice, duration, lines, linesOf, readAs, secret, text } from '../step/fields.ts';
import { yamlMap } from '../step/yaml-field.ts';
import { backupFields } from './backup.ts';
import {
  commonFields,
  databaseFields,
  environment,
  lockFields,
  parallel,
  placeFields,
  projectFields,
  registryFields,
  serverFields,
} from './fields.ts';
import { registeringFields } from './preset.ts';

/** One tenant; the root action has these inputs, too. */
export const tenantFields = {
  schemaName: text.optional(),
  tenantName: text.optional(),
  domain: lines.optional(),
  tenantType: text.optional(),
  fields: yamlMap.optional(),
  superuserEmail: text.optional(),
  superuserUsername: text.optional(),
  superuserPassword: secret(text.optional()),
  afterCommands: linesOf(parseAfterCommand).optional(),
  adopt: boolean,
};

export const provisionInputs = {
  mode: choice('provision', 'repair', 'clone', 'deprovision'),
  ...databaseFields,
  ...placeFields,
  ...serverFields,
  host: serverFields.host.optional(),
  sshUser: serverFields.sshUser.optional(),
  image: readAs((written) => parseImage(written.trim())).optional(),
  ...registryFields,
  ...lockFields,
  ...projectFields,
  env: environment.optional(),
  envFile: text.optional(),
  ...registeringFields,
  ...tenantFields,
  tenantsFile: text.optional(),
  onError: choice('stop', 'continue', 'undo-all'),
  parallel,
  tenantUrl: text.optional(),
  tenantUrlTimeout: duration,
  sourceSchema: text.optional(),
  anonymiseCommand: readAs(parseAfterCommand).optional(),
  confirm: text.optional(),
  backupTo: backupFields.backupTo,
  backupFolder: backupFields.backupFolder,
  backupKeep: backupFields.backupKeep,
  backupRecipient: backupFields.backupRecipient,
  dryRun: boolean,
  ...commonFields,
};

type Given = Partial<Inputs<typeof provisionInputs>>;

export const provisionOutputs = [
  'state',
  'schema',
  'domains',
  'tenants',
  'superuser-created',
  'backup-path',
] as const;

/** What it receives. */
export type ProvisionContext = ActionContext<typeof provisionInputs, (typeof provisionOutputs)[number]>;

export function oneOrMany({ mode, schemaName, domain, tenantsFile, ...more }: Given): string | undefined {
  if (mode === 'repair' || mode === 'deprovision' || mode === 'clone') {
    const needsDomain = mode === 'clone' && domain === undefined;
    if (tenantsFile !== undefined) return `tenants-file: mode ${mode} is about one tenant`;
    if (schemaName !== undefined) return needsDomain ? 'domain: is required for mode clone' : undefined;
    return `schema-name: is required for mode ${mode}`;
  }
  if (tenantsFile === undefined) {
    const missing = [
      ...(schemaName === undefined ? ['schema-name'] : []),
      ...(domain === undefined ? ['domain'] : []),
    ];
    return missing.length === 0 ? undefined : `${listed(missing)}: is required, or give tenants-file`;
  }
  const given = { schemaName, domain, tenantName: more.tenantName, tenantType: more.tenantType };
  const own = [...Object.values(given), more.fields, more.superuserEmail];
  return own.every((value) => value === undefined)
    ? undefined
    : 'tenants-file: what is said of one tenant stands in the file, not in inputs beside it';
}

export function modeHasItsInputs({ mode, sourceSchema, anonymiseCommand, confirm, schemaName }: Given) {
  if (mode === undefined) return undefined;
  if (mode === 'clone' && sourceSchema === undefined) return 'source-schema: is required for mode clone';
  if (mode !== 'clone' && (sourceSchema ?? anonymiseCommand) !== undefined) {
    return 'source-schema and anonymise-command: go with mode clone';
  }
  if (mode !== 'deprovision')
    return confirm === undefined ? undefined : 'confirm: goes with mode deprovision';
  return confirm === schemaName
    ? undefined
    : `confirm: has to be the name of the schema again, letter by letter, for all that is in it to be removed`;
}

/** What an application other than Django has to be made with, and what nobody can do for it. */
export function registeringIsComplete({ preset, mode = 'provision', registerCommand }: Given) {
  if (preset !== 'command') return undefined;
  if (mode !== 'provision') {
    return `mode: ${mode} asks the models of Django what a tenant is, and preset is command`;
  }
  return registerCommand === undefined ? 'register-command: is required with preset: command' : undefined;
}

/** In a Django project these are commands of manage.py. */
export function commandsAreOfManagePy({
  preset,
  afterCommands = [],
  anonymiseCommand,
}: Partial<Pick<Given, 'preset' | 'afterCommands' | 'anonymiseCommand'>>): string | undefined {
  if (preset === 'command') return undefined;
  return (
    notOfManagePy(afterCommands, 'after-commands') ??
    notOfManagePy(anonymiseCommand === undefined ? [] : [anonymiseCommand], 'anonymise-command')
  );
}

export function superuserIsComplete(
  given: Partial<
    Inputs<Pick<typeof tenantFields, 'superuserEmail' | 'superuserUsername' | 'superuserPassword'>>
  >,
): string | undefined {
  const { superuserEmail, superuserUsername, superuserPassword } = given;
  return superuserEmail === undefined && (superuserUsername ?? superuserPassword) !== undefined
    ? 'superuser-email: is required for a superuser'
    : undefined;
}
