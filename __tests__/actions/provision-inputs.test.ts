import { expect, test } from '@jest/globals';

import { commandsAreOfManagePy, registeringIsComplete } from '../../src/actions/provision-inputs.ts';
import { parseAfterCommand } from '../../src/provisioning/after-command.ts';

const seed = [parseAfterCommand('python manage.py seed {schema}')];

test('what stands before the words of manage.py is left out, and belongs to any other application’s command', () => {
  expect(commandsAreOfManagePy({ afterCommands: seed })).toMatch(
    /^after-commands: "python manage\.py seed .*" begins with python — write what follows manage\.py$/,
  );
  expect(commandsAreOfManagePy({ anonymiseCommand: seed[0] })).toMatch(/^anonymise-command: /);
  expect(commandsAreOfManagePy({ preset: 'command', afterCommands: seed })).toBeUndefined();
});

test.each(['repair', 'clone', 'deprovision'] as const)('mode %s is for Django', (mode) => {
  expect(registeringIsComplete({ preset: 'command', mode })).toBe(
    `mode: ${mode} asks the models of Django what a tenant is, and preset is command`,
  );
  expect(registeringIsComplete({ preset: 'django-tenants', mode })).toBeUndefined();
});
