// The shape of the sources: which folder may use which, what each file owes its reader, and what is public.

import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { BUNDLED } from '../support/sbom.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** For each folder of src/, the folders it may use. What is not listed here may not exist. */
const MAY_USE: Readonly<Record<string, readonly string[]>> = {
  cache: [],
  tracking: ['cache'],
  values: ['cache'],
  routing: ['cache'],
  load: ['cache', 'routing', 'values'],
  metrics: ['cache', 'tracking', 'load'],
  client: ['cache', 'tracking', 'metrics', 'values', 'routing', 'load'],
  cli: [],
};

/** For each folder of src/, the packages it may import. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cache: ['lru-cache', 'node:util'],
  tracking: ['@redis/client'],
  metrics: [],
  values: [],
  routing: ['cluster-key-slot'],
  load: ['lru-cache', 'node:crypto'],
  client: ['eventemitter3', 'node:util'],
  cli: ['node:util'],
};

/** Files that may import what the rest of their folder may not: each keeps one package to itself. */
const MAY_IMPORT_ALONE: Readonly<Record<string, readonly string[]>> = {
  'cli/plan/report.ts': ['cli-table3', 'simple-ascii-chart'],
  'metrics/diagnostics.ts': ['node:diagnostics_channel'],
  'metrics/opentelemetry.ts': ['@opentelemetry/api'],
  'metrics/prometheus.ts': ['prom-client'],
};

/** What users import, by its name in package.json. */
const ENTRY_POINTS: Readonly<Record<string, string>> = {
  '.': 'index.ts',
  './prometheus': 'metrics/prometheus.ts',
  './opentelemetry': 'metrics/opentelemetry.ts',
};

/** Files at the top of src/ that every folder may use, with what they may use themselves. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  'codec.ts': [],
  'errors.ts': ['redaction.ts'],
  'option-checks.ts': ['errors.ts', 'redaction.ts'],
  'options.ts': ['codec.ts', 'errors.ts', 'option-checks.ts', 'server-url.ts'],
  'redaction.ts': [],
  'server-url.ts': [],
};

interface Source {
  /** From src/, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  /** Files of src/ that it imports, types included. */
  readonly uses: readonly string[];
  readonly packages: readonly string[];
}

function filesUnder(folder: string, ending: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && ending.test(file.name))
    .map((file) => relative(ROOT, join(file.parentPath, file.name)).split(sep).join('/'))
    .sort();
}

function specifiers(tree: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const specifier =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
          ? node.argument.literal
          : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
            ? node.arguments[0]
            : undefined;
    if (specifier !== undefined && ts.isStringLiteral(specifier)) found.push(specifier.text);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function parse(path: string): ts.SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
}

function resolved(from: string, specifier: string): string {
  return normalize(join(dirname(from), specifier))
    .split(sep)
    .join('/')
    .replace(/\.js$/, '.ts');
}

const sources: readonly Source[] = filesUnder('src', /\.ts$/).map((file) => {
  const tree = parse(file);
  const path = file.slice('src/'.length);
  const all = specifiers(tree);
  return {
    path,
    text: tree.text,
    tree,
    uses: all.filter((name) => name.startsWith('.')).map((name) => resolved(path, name)),
    packages: all.filter((name) => !name.startsWith('.')),
  };
});
const byPath = new Map(sources.map((source) => [source.path, source]));

function folderOf(path: string): string | undefined {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : undefined;
}

function mayUse(path: string, used: string): boolean {
  if (!byPath.has(used) || Object.values(ENTRY_POINTS).includes(used)) return false;
  if (path === 'index.ts') return true;
  const folder = folderOf(path);
  const usedFolder = folderOf(used);
  if (folder === undefined) return SHARED[path]?.includes(used) ?? false;
  if (usedFolder === undefined) return Object.hasOwn(SHARED, used);
  return usedFolder === folder || (MAY_USE[folder]?.includes(usedFolder) ?? false);
}

/** A file and all that it uses, however far away. */
function reach(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const used of byPath.get(path)?.uses ?? []) reach(used, seen);
  return seen;
}

describe('dependencies point one way', () => {
  test('every folder of src/ has its place', () => {
    const folders = new Set(sources.flatMap(({ path }) => folderOf(path) ?? []));
    expect([...folders].sort()).toEqual(Object.keys(MAY_USE).sort());
    const top = sources.filter(({ path }) => folderOf(path) === undefined).map(({ path }) => path);
    expect(top.sort()).toEqual([...Object.keys(SHARED), 'index.ts'].sort());
  });

  test('no file uses a folder that it may not', () => {
    const wrong = sources.flatMap(({ path, uses }) =>
      uses.filter((used) => !mayUse(path, used)).map((used) => `${path} uses ${used}`),
    );
    expect(wrong).toEqual([]);
  });

  test('no file imports a package that its folder may not', () => {
    const wrong = sources.flatMap(({ path, packages }) => {
      const allowed = [...(MAY_IMPORT[folderOf(path) ?? ''] ?? []), ...(MAY_IMPORT_ALONE[path] ?? [])];
      return packages.filter((name) => !allowed.includes(name)).map((name) => `${path} imports ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  test('the table itself has no circle', () => {
    const reachable = (folder: string): string[] =>
      (MAY_USE[folder] ?? []).flatMap((used) => [used, ...reachable(used)]);
    for (const folder of Object.keys(MAY_USE)) expect(reachable(folder)).not.toContain(folder);
  });

  test('every package that is imported is a dependency, an optional peer or bundled, and all of these are imported', () => {
    const { dependencies, devDependencies, peerDependencies, peerDependenciesMeta } = manifest();
    expect(Object.keys(peerDependenciesMeta).sort()).toEqual(Object.keys(peerDependencies).sort());
    const imported = new Set(sources.flatMap(({ packages }) => packages.filter((name) => !isBuiltin(name))));
    expect([...imported].sort()).toEqual(
      [...Object.keys(dependencies), ...Object.keys(peerDependencies), ...BUNDLED].sort(),
    );
    expect(Object.keys(devDependencies)).toEqual(expect.arrayContaining([...BUNDLED]));
  });

  test('what is bundled is bundled into the program alone', () => {
    expect(readFileSync(join(ROOT, 'tsup.config.ts'), 'utf8')).toContain(
      `const BUNDLED = [${BUNDLED.map((name) => `'${name}'`).join(', ')}];`,
    );
    for (const path of Object.values(ENTRY_POINTS)) {
      const packages = [...reach(path)].flatMap((each) => byPath.get(each)?.packages ?? []);
      expect(packages.filter((name) => BUNDLED.includes(name))).toEqual([]);
    }
    expect(manifest().bin).toEqual({ 'redis-near-cache': './dist/cli.js' });
  });

  test('an optional peer is loaded by its own entry point alone', () => {
    const peers = Object.keys(manifest().peerDependencies);
    const loaded = Object.fromEntries(
      Object.entries(ENTRY_POINTS).map(([name, path]) => {
        const packages = [...reach(path)].flatMap((each) => byPath.get(each)?.packages ?? []);
        return [name, peers.filter((peer) => packages.includes(peer))];
      }),
    );
    expect(loaded).toEqual({
      '.': [],
      './prometheus': ['prom-client'],
      './opentelemetry': ['@opentelemetry/api'],
    });
  });
});

describe('what a file owes its reader:', () => {
  test('it opens by saying what it is responsible for', () => {
    const silent = sources.filter(({ text }) => !/^(#!.*\n)?(\/\/ \S|\/\*)/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test('no more than 400 lines', () => {
    const long = sources.filter(({ text }) => text.trimEnd().split('\n').length > 400);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  test('a name that says what is inside', () => {
    const empty = /^(utils?|helpers?|managers?|data|info|misc|common)$/;
    const hollow = sources.filter(({ path }) => path.split(/[/.-]/).some((word) => empty.test(word)));
    expect(hollow.map(({ path }) => path)).toEqual([]);
  });
});

describe('the public surface', () => {
  test('is the entry points and nothing else, each with types for every way to resolve it', () => {
    const { exports, typesVersions } = manifest();
    expect(Object.keys(exports)).toEqual([...Object.keys(ENTRY_POINTS), './package.json']);
    const beside = Object.keys(ENTRY_POINTS).filter((name) => name !== '.');
    expect(Object.keys(typesVersions['*']).map((name) => `./${name}`)).toEqual(beside);
  });

  test('is all that examples need', () => {
    const examples = filesUnder('examples', /\.(ts|mjs)$/);
    expect(examples).not.toEqual([]);
    for (const example of examples) {
      const reached = specifiers(parse(example))
        .filter((name) => name.startsWith('.'))
        .map((name) => resolved(example, name))
        .filter((path) => path.startsWith('src/'));
      expect(reached, example).toEqual([]);
    }
  });

  test('has a doc comment on every name', () => {
    const names = exportedNames();
    expect(names.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['withNearCache', 'collectNearCache', 'observeNearCache']),
    );
    const bare = names.filter(({ name, from }) => docComment(name, from).trim() === '');
    expect(bare).toEqual([]);
  });
});

interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: true }>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly typesVersions: { readonly '*': Readonly<Record<string, readonly string[]>> };
}

function manifest(): Manifest {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
}

/** Names that entry points export, each with the file that it comes from. */
function exportedNames(): { name: string; from: string }[] {
  return Object.values(ENTRY_POINTS).flatMap((entry) => namesOf(entry));
}

function namesOf(entry: string): { name: string; from: string }[] {
  const statements = byPath.get(entry)?.tree.statements ?? [];
  return statements.flatMap((statement) => {
    if (entry !== 'index.ts' && !ts.isExportDeclaration(statement)) return declaredNames(statement, entry);
    if (
      !ts.isExportDeclaration(statement) ||
      statement.moduleSpecifier === undefined ||
      !ts.isStringLiteral(statement.moduleSpecifier) ||
      statement.exportClause === undefined ||
      !ts.isNamedExports(statement.exportClause)
    ) {
      throw new Error(`${entry} exports names from files, nothing else: ${statement.getText()}`);
    }
    const from = resolved(entry, statement.moduleSpecifier.text);
    return statement.exportClause.elements.map(({ name, propertyName }) => ({
      name: (propertyName ?? name).text,
      from,
    }));
  });
}

function declaredNames(statement: ts.Statement, from: string): { name: string; from: string }[] {
  const isExported =
    ts.canHaveModifiers(statement) &&
    ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
  if (!isExported) return [];
  const named = statement as ts.Statement & { readonly name?: ts.Identifier };
  if (named.name === undefined) throw new Error(`An export without a name: ${statement.getText()}`);
  return [{ name: named.name.text, from }];
}

function docComment(name: string, from: string): string {
  const declaration = byPath.get(from)?.tree.statements.find((statement) => declares(statement, name));
  if (declaration === undefined) return '';
  return ts
    .getJSDocCommentsAndTags(declaration)
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join(' ');
}

function declares(statement: ts.Statement, name: string): boolean {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.some((declaration) => declaration.name.getText() === name);
  }
  const isNamed =
    ts.isClassDeclaration(statement) ||
    ts.isFunctionDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return isNamed && statement.name?.text === name;
}
