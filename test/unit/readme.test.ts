// The documentation says what the code does: names, defaults, codes and paths in README.md and docs/ are compared with
// the sources, and its examples are compiled.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { WIRE_COMMANDS } from '../../src/client/wire-commands.js';
import { resolveOptions } from '../../src/options.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const readme = read('README.md');
const documents = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
];

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** What stands under a heading, up to the next heading of any level. */
function section(heading: string): string {
  const lines = readme.split('\n');
  const start = lines.indexOf(heading) + 1;
  if (start === 0) throw new Error(`README.md has no heading "${heading}".`);
  const length = lines.slice(start).findIndex((line) => /^#+ /.test(line));
  return lines.slice(start, length === -1 ? undefined : start + length).join('\n');
}

/** Rows of the tables in a text, by their first cell; the row of headings left out. */
function rows(text: string): Map<string, string[]> {
  const cells = text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s|-]+\|$/.test(line))
    .map((line) => line.split('|').slice(1, -1))
    .map((row) => row.map((cell) => cell.trim()));
  return new Map(
    cells.filter(([first]) => first?.startsWith('`')).map((row) => [row[0] ?? '', row.slice(1)]),
  );
}

/** The names in backticks in first cells: `a`, `b` is two. */
function rowNames(text: string): string[] {
  return [...rows(text).keys()].flatMap((cell) => quoted(cell));
}

function quoted(text: string): string[] {
  return Array.from(text.matchAll(/`([^`]+)`/g), ([, name = '']) => name);
}

function codeBlocks(language: string, text = readme): string[] {
  return Array.from(
    text.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g')),
    ([, code = '']) => code,
  );
}

function statement(path: string, name: string): ts.Statement {
  const { statements } = ts.createSourceFile(path, read(path), ts.ScriptTarget.ES2022, true);
  const found = statements.find(
    (each) => (ts.isInterfaceDeclaration(each) || ts.isTypeAliasDeclaration(each)) && each.name.text === name,
  );
  if (found === undefined) throw new Error(`${path} declares no ${name}.`);
  return found;
}

/** Members of an interface in the sources. */
function members(path: string, name: string): string[] {
  const found = statement(path, name);
  return ts.isInterfaceDeclaration(found) ? found.members.map((member) => member.name?.getText() ?? '') : [];
}

/** Texts of a union of string literals in the sources. */
function literals(path: string, name: string): string[] {
  const found = statement(path, name);
  if (!ts.isTypeAliasDeclaration(found) || !ts.isUnionTypeNode(found.type)) return [];
  return found.type.types.flatMap((type) =>
    ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal) ? [type.literal.text] : [],
  );
}

describe('the first example', () => {
  const [first = ''] = codeBlocks('ts');

  test('is examples/basic.ts, where the client has another name', () => {
    expect(first.trim().split('\n').length).toBeGreaterThan(10);
    const withoutImports = (code: string): string => code.replace(/^import .*\n/gm, '').trim();
    expect(read('examples/basic.ts')).toContain(withoutImports(first));
    expect(read('examples/basic.ts')).toContain("import { createClient } from 'redis-v6';");
  });

  test('imports like a user', () => {
    expect(first).toContain("from 'redis'");
    expect(first).toContain("from 'redis-near-cache'");
  });
});

test('the examples compile', { timeout: 60_000 }, () => {
  // What a block takes for granted, unless it imports or makes it itself.
  const granted: readonly [has: string, line: string][] = [
    ['const redis =', "const redis = withNearCache(createClient(), { prefixes: ['product:'] });"],
    ['{ withNearCache }', "import { withNearCache } from 'redis-near-cache';"],
    ['{ createClient }', "import { createClient } from 'redis-client-v4';"],
  ];
  const others = ['docs/metrics.md', 'docs/security.md', 'docs/stampede.md', 'docs/topologies.md'].flatMap(
    (path) => codeBlocks('ts', read(path)),
  );
  const blocks = [...codeBlocks('ts'), ...others].map((code) => {
    const own = code.replace("'redis'", "'redis-v6'");
    if (!code.includes('redis.')) return own;
    return granted.reduce((text, [has, line]) => {
      const isForNothing = has === '{ createClient }' && !text.includes('createClient(');
      return text.includes(has) || isForNothing ? text : `${line}\n${text}`;
    }, own);
  });
  expect(blocks.length).toBeGreaterThan(1);
  expect(compilerErrors(blocks)).toEqual([]);
});

describe('the options', () => {
  const main = rows(section('## Options'));

  test('are those of NearCacheOptions', () => {
    expect(rowNames(section('## Options')).sort()).toEqual(
      members('src/options.ts', 'NearCacheOptions').sort(),
    );
  });

  test('of a prefix are those of PrefixOptions', () => {
    const names = rowNames(section('### A prefix with settings of its own'));
    expect(names.sort()).toEqual(members('src/options.ts', 'PrefixOptions').sort());
  });

  test('of the tracking connection are those of TrackingOptions', () => {
    const names = rowNames(section('### Tracking connection'));
    expect(names.sort()).toEqual(members('src/options.ts', 'TrackingOptions').sort());
  });

  test('of read routing are those of RoutingOptions, with the defaults that the table says', () => {
    const { routing } = resolveOptions({ prefixes: ['x:'] });
    const table = rows(section('### Read routing'));
    const said = Array.from(table, ([name, [value = '']]) => [quoted(name)[0], quoted(value)[0]]);
    expect(Object.keys(routing).sort()).toEqual(members('src/options.ts', 'RoutingOptions').sort());
    const shown = Object.entries(routing).map(([name, value]) => [
      name,
      typeof value === 'string' ? `'${value}'` : value,
    ]);
    expect(said.map(([name, value]) => [name, value?.replaceAll('_', '')])).toEqual(
      shown.map(([name, value]) => [name, String(value)]),
    );
  });

  test('have the defaults that the table says', () => {
    const {
      prefixes,
      logger,
      clock,
      random,
      tracking,
      routing: _,
      ...plain
    } = resolveOptions({ prefixes: ['x:'] });
    const said = (name: string): string => main.get(`\`${name}\``)?.[0] ?? '';
    expect(said('prefixes')).toBe('required');
    expect(said('logger')).toBe(logger === undefined ? 'none' : '');
    expect(said('clock')).toBe(clock.name.endsWith(performance.now.name) ? '`performance.now`' : '');
    expect(said('random')).toBe(random === Math.random ? '`Math.random`' : '');
    expect(said('tracking')).toBe(`\`${JSON.stringify(tracking)}\``);
    expect(prefixes).toEqual([{ prefix: 'x:' }]);
    for (const [name, value] of Object.entries(plain)) {
      const [shown = ''] = quoted(said(name));
      expect(shown.replaceAll('_', '').replaceAll("'", ''), name).toBe(String(value));
    }
  });
});

describe('names', () => {
  test('every error code is explained, and no other', () => {
    const codes = literals('src/errors.ts', 'NearCacheErrorCode');
    expect(codes.length).toBeGreaterThan(5);
    expect(rowNames(section('## Errors')).sort()).toEqual(codes.sort());
    for (const document of documents) {
      for (const [code] of read(document).matchAll(/ERR_NEAR_\w+/g)) expect(codes, document).toContain(code);
    }
  });

  test('every field of stats() is explained, and no other', () => {
    const fields = [
      ...members('src/metrics/stats.ts', 'NearStats'),
      ...members('src/metrics/stats.ts', 'PrefixStats'),
      ...members('src/tracking/tracking-stats.ts', 'TrackingStats'),
    ];
    const events = members(eventsFile(), 'NearCacheEvents');
    const explained = new Set(rowNames(section('## Metrics')));
    expect([...explained].sort()).toEqual([...new Set([...fields, ...events])].sort());
  });

  test('every state is named', () => {
    for (const state of literals('src/metrics/stats.ts', 'NearState'))
      expect(readme).toContain(`\`'${state}'\``);
  });

  test('every state of a tracking connection is named', () => {
    const [, perConnection = ''] = section('## Metrics').split(/Per tracking connection:|For Prometheus/);
    const [, states = ''] = /readonly state: (.*);/.exec(read('src/tracking/tracking-stats.ts')) ?? [];
    const named = quoted(rows(perConnection).get('`state`')?.[0] ?? '');
    expect(named.sort()).toEqual(states.split(' | ').sort());
  });

  test('every cached command is listed, and no other', () => {
    const listed = quoted(
      readme.slice(readme.indexOf('<!-- cached-commands'), readme.indexOf('## Options')),
    ).filter((name) => /^[A-Z_.]+$/.test(name));
    const cached = Object.entries(WIRE_COMMANDS)
      .filter(([, effect]) => effect.kind === 'read' && effect.cached !== undefined)
      .map(([name]) => name);
    expect([...new Set(listed)].sort()).toEqual(cached.sort());
  });

  test('every dependency has its reason, and none that is gone', () => {
    const { dependencies, peerDependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
      string,
      object
    >;
    const [atRunTime = '', rest = ''] = read('docs/dependencies.md').split('## Optional peers');
    const [peers = '', forDevelopment = ''] = rest.split('## For development');
    expect(rowNames(atRunTime)).toEqual(Object.keys(dependencies ?? {}).sort());
    expect(rowNames(peers)).toEqual(Object.keys(peerDependencies ?? {}).sort());
    expect(rowNames(forDevelopment)).toEqual(Object.keys(devDependencies ?? {}).sort());
  });
});

describe('paths', () => {
  test.each(documents)('that %s names exist', (document) => {
    const named = Array.from(
      read(document).matchAll(/(?<![\w/])((?:src|test|examples|docs)\/[\w./-]*\w\/?)/g),
      ([, path = '']) => path,
    );
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test.each(documents)('and headings that %s links to exist', (document) => {
    const links = Array.from(read(document).matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link);
    const dead = links
      .filter((link) => !link.startsWith('http'))
      .filter((link) => {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? document : join(dirname(document), path);
        if (!existsSync(join(ROOT, target))) return true;
        return anchor !== undefined && !anchors(read(target)).includes(anchor);
      });
    expect(dead).toEqual([]);
  });

  test('every test of a rule is named by its rule', () => {
    const rules = read('docs/coherence.md').split(/^## (?=C\d)/m);
    for (const file of readdirSync(join(ROOT, 'test/integration/coherence'))) {
      const rule = /^c\d+/.exec(file)?.[0].toUpperCase();
      const text = rules.find((each) => each.startsWith(`${rule} `));
      expect(text, file).toContain(`test/integration/coherence/${file}`);
    }
  });
});

/** GitHub's names for the headings of a document. */
function anchors(text: string): string[] {
  return Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The file that declares the events. */
function eventsFile(): string {
  const from = /NearCacheEvents[^']*'\.\/([^']+)\.js'/.exec(read('src/index.ts'))?.[1];
  return `src/${from}.ts`;
}

/** Compiles each text as a file of examples/, by the project's own settings. */
function compilerErrors(texts: readonly string[]): string[] {
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const files = new Map(texts.map((text, index) => [join(ROOT, `examples/readme-${index}.ts`), text]));
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, target, ...rest) => {
    const text = files.get(name);
    return text === undefined
      ? getSourceFile(name, target, ...rest)
      : ts.createSourceFile(name, text, target, true);
  };
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((name) => {
    const source = program.getSourceFile(name);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  });
}
