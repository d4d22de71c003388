// `redis-near-cache plan`: reads the options, asks the calculator, shows what it says.

import { NearCacheError } from '../../errors.js';
import { type Command, type Given, invalidOption, numberOf } from '../command.js';
import { adviseOn } from './advice.js';
import type { MeasuredCosts } from './cost-model.js';
import { MEASURED_COSTS } from './measured-costs.js';
import { planOf, processLimit, strainOf, writeLimit } from './plan.js';
import { PLAN_DEFAULTS, type PlanInput } from './plan-input.js';
import { parsePrefixes } from './prefix-list.js';
import { reportOf } from './report.js';

const [FIRST_SERVER = ''] = Object.keys(MEASURED_COSTS);

interface NumberOption {
  readonly help: string;
  /** Where it has to be said. */
  readonly isRequired?: boolean;
  readonly isWhole?: boolean;
  readonly min: number;
  readonly max: number;
}

type NumberName = {
  [K in keyof PlanInput]: PlanInput[K] extends number | undefined ? K : never;
}[keyof PlanInput];

const NUMBERS: Readonly<Record<NumberName, NumberOption>> = {
  processes: { help: 'processes with a near cache', isRequired: true, isWhole: true, min: 1, max: 1e6 },
  writes: { help: 'writes per second, of all keys', isRequired: true, min: 0, max: 1e9 },
  reads: {
    help: 'reads per second, of all processes, under the prefixes',
    isRequired: true,
    min: 0,
    max: 1e12,
  },
  keyLength: { help: 'bytes of a key', isWhole: true, min: 1, max: 65_536 },
  batch: { help: 'commands that a connection sends together: more than 1 if pipelined', min: 1, max: 10_000 },
  keys: { help: 'distinct keys that are read', isWhole: true, min: 1, max: 1e9 },
  skew: { help: "how reads concentrate: exponent of Zipf's law, 0 for all keys alike", min: 0, max: 3 },
  hitRatio: { help: 'as stats() shows it, 0 to 1; else derived from keys and skew', min: 0, max: 1 },
  wasted: { help: 'part of the invalidations that is wasted, as stats() shows it', min: 0, max: 1 },
  primaries: { help: 'primaries of the cluster', isWhole: true, min: 1, max: 1_000 },
  replicas: { help: 'replicas of each primary', isWhole: true, min: 0, max: 100 },
  perHost: { help: 'processes on one host', isWhole: true, min: 1, max: 10_000 },
  ttl: { help: 'life of a reply without tracking, ms', min: 1, max: 86_400_000 },
  ceiling: { help: 'part of a core that a node may be busy', min: 0.01, max: 1 },
  speed: { help: "speed of the servers' cores, 1 for the one measured", min: 0.01, max: 100 },
};

/** The command, for the table of commands. */
export const planCommand: Command = {
  name: 'plan',
  summary: 'What tracking will cost a fleet, where it breaks, and what to do about it. Asks no server.',
  example:
    "npx redis-near-cache plan --processes 2000 --writes 5000 --reads 2e6 --prefixes 'product:=40%,user:=500/s'",
  options: {
    ...Object.fromEntries(
      Object.entries(NUMBERS).map(([name, option]) => [
        kebab(name),
        {
          type: 'string' as const,
          value: option.isWhole ? 'n' : 'x',
          help: helpOf(name as NumberName, option),
        },
      ]),
    ),
    prefixes: {
      type: 'string',
      value: 'list',
      help: "how many, or names with their writes: 'a:=2000/s,b:=10%,c:'; those without share the rest (1)",
    },
    'without-noloop': { type: 'boolean', help: 'tracking connections without NOLOOP' },
    server: {
      type: 'string',
      value: 'name',
      help: `${Object.keys(MEASURED_COSTS).join(', ')} (${FIRST_SERVER})`,
    },
    json: { type: 'boolean', help: 'figures for programs' },
  },
  run(given) {
    const input = inputOf(given);
    const measured = measuredOf(given.server);
    const outcome = {
      input,
      server: measured.server,
      plan: planOf(input, measured),
      strain: strainOf(input, measured),
      limits: { processes: processLimit(input, measured), writesPerSecond: writeLimit(input, measured) },
      advice: adviseOn(input, measured),
    };
    // A limit that does not exist is null there.
    return given.json === true ? `${JSON.stringify(outcome, null, 2)}\n` : reportOf(outcome, measured);
  },
};

function measuredOf(name: unknown): MeasuredCosts {
  const server = typeof name === 'string' ? name : FIRST_SERVER;
  const measured = Object.hasOwn(MEASURED_COSTS, server) ? MEASURED_COSTS[server] : undefined;
  if (measured === undefined) {
    throw invalidOption('server', `one of ${Object.keys(MEASURED_COSTS).join(', ')}`, name);
  }
  return measured;
}

function inputOf(given: Given): PlanInput {
  const numbers = Object.fromEntries(
    Object.entries(NUMBERS).map(([name, option]) => [name, numberFrom(given, name as NumberName, option)]),
  ) as Record<NumberName, number>;
  const prefixes = parsePrefixes(String(given.prefixes ?? '1'), numbers.writes);
  return { ...PLAN_DEFAULTS, ...numbers, prefixes, noLoop: given['without-noloop'] !== true };
}

function numberFrom(given: Given, name: NumberName, option: NumberOption): number | undefined {
  const text = given[kebab(name)];
  if (text === undefined) {
    if (!option.isRequired) return defaultOf(name);
    throw new NearCacheError(
      'ERR_NEAR_OPTION',
      `Option --${kebab(name)} is missing: ${option.help}. See redis-near-cache plan --help.`,
    );
  }
  const value = numberOf(String(text));
  const fits = value !== undefined && value >= option.min && value <= option.max;
  if (!fits || (option.isWhole === true && !Number.isInteger(value))) {
    const kind = option.isWhole === true ? 'a whole number' : 'a number';
    throw invalidOption(kebab(name), `${kind} from ${option.min} to ${option.max}`, text);
  }
  return value;
}

function defaultOf(name: NumberName): number | undefined {
  return name in PLAN_DEFAULTS ? PLAN_DEFAULTS[name as keyof typeof PLAN_DEFAULTS & NumberName] : undefined;
}

function helpOf(name: NumberName, { help, isRequired }: NumberOption): string {
  const value = defaultOf(name);
  return `${help}${isRequired ? ' (required)' : value === undefined ? '' : ` (${value})`}`;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
