// docs/commands.md says what the tables of wire commands say.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandsPage, PAGE } from '../../docs/generate-commands.js';
import { WIRE_COMMANDS } from '../../src/client/wire-commands.js';

test('docs/commands.md is up to date: `npm run docs:commands`', () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(commandsPage());
});

test('every command is on it', () => {
  const page = readFileSync(PAGE, 'utf8');
  const names = Object.keys(WIRE_COMMANDS).map((name) => `\`${name.replace('|', ' ')}\``);
  expect(names.filter((name) => !page.includes(name))).toEqual([]);
});
