// What every command does to the cache, by what goes on the wire. docs/commands.md is made from this.

import { CORE_COMMANDS } from './commands/core.js';
import type { WireTable } from './commands/effects.js';
import { MODULE_COMMANDS } from './commands/modules.js';

export type { CachedRead, KeyPositions, UncachedReason, WireEffect } from './commands/effects.js';

/**
 * By command name, or by name and subcommand (`HIMPORT|SET`) where it differs from the rest of the command. What is not
 * here raises a barrier (rule C4).
 */
export const WIRE_COMMANDS: WireTable = { ...CORE_COMMANDS, ...MODULE_COMMANDS };
