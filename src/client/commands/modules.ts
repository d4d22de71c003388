// The commands of the modules that node-redis has methods for: JSON, probabilistic types, time series, search, graph.
// Where their keys stand comes from the modules' documentation and from node-redis 5 and 6, which mark them.

import {
  COUNTED,
  cached,
  each,
  NEUTRAL,
  ONE,
  UNKNOWABLE,
  uncached,
  type WireTable,
  write,
  writes,
} from './effects.js';

const TRIPLES = { from: 1, dropLast: 0, step: 3 } as const;

/** The commands of one module, whose names share their beginning. */
function ofModule(name: string, table: WireTable): WireTable {
  return Object.fromEntries(Object.entries(table).map(([command, effect]) => [`${name}.${command}`, effect]));
}

export const MODULE_COMMANDS: WireTable = {
  ...ofModule('JSON', {
    ...each('ARRAPPEND ARRINSERT ARRPOP ARRTRIM CLEAR DEL FORGET MERGE NUMINCRBY NUMMULTBY', write(1)),
    ...each('NUMPOWBY SET STRAPPEND TOGGLE', write(1)),
    MSET: writes(TRIPLES),
    ...each('ARRINDEX ARRLEN GET OBJKEYS OBJLEN RESP STRLEN TYPE', cached(ONE)),
    MGET: cached({ from: 1, dropLast: 1, step: 1 }),
    DEBUG: uncached([2], 'internals'),
  }),
  ...ofModule('BF', {
    ...each('ADD INSERT LOADCHUNK MADD RESERVE', write(1)),
    ...each('CARD EXISTS MEXISTS', uncached(ONE, 'unproven')),
    ...each('DEBUG INFO', uncached(ONE, 'internals')),
    SCANDUMP: uncached(ONE, 'cursor'),
  }),
  ...ofModule('CF', {
    ...each('ADD ADDNX COMPACT DEL INSERT INSERTNX LOADCHUNK RESERVE', write(1)),
    ...each('COUNT EXISTS MEXISTS', uncached(ONE, 'unproven')),
    ...each('DEBUG INFO', uncached(ONE, 'internals')),
    SCANDUMP: uncached(ONE, 'cursor'),
  }),
  ...ofModule('CMS', {
    ...each('INCRBY INITBYDIM INITBYPROB MERGE', write(1)),
    QUERY: uncached(ONE, 'unproven'),
    INFO: uncached(ONE, 'internals'),
  }),
  ...ofModule('TOPK', {
    ...each('ADD INCRBY RESERVE', write(1)),
    ...each('COUNT LIST QUERY', uncached(ONE, 'unproven')),
    INFO: uncached(ONE, 'internals'),
  }),
  ...ofModule('TDIGEST', {
    ...each('ADD CREATE MERGE RESET', write(1)),
    ...each('BYRANK BYREVRANK CDF MAX MIN QUANTILE RANK REVRANK TRIMMED_MEAN', uncached(ONE, 'unproven')),
    INFO: uncached(ONE, 'internals'),
  }),
  ...ofModule('TS', {
    ...each('ADD ALTER CREATE DECRBY DEL INCRBY', write(1)),
    ...each('CREATERULE DELETERULE', write(1, 2)),
    MADD: writes(TRIPLES),
    ...each('GET RANGE REVRANGE', uncached(ONE, 'unproven')),
    ...each('NRANGE NREVRANGE', uncached(COUNTED, 'unproven')),
    READ: uncached(ONE, 'blocking'),
    INFO: uncached(ONE, 'internals'),
    // These find series by their labels.
    ...each('MGET MRANGE MREVRANGE QUERYINDEX QUERYLABELS', NEUTRAL),
  }),
  'TIMESERIES.REFRESHCLUSTER': NEUTRAL,
  ...ofModule('FT', {
    ...each('SUGADD SUGDEL', write(1)),
    ...each('SUGGET SUGLEN', uncached(ONE, 'unproven')),
    // An index is no key: none of these changes what a key holds.
    ...each('_LIST AGGREGATE ALIASADD ALIASDEL ALIASLIST ALIASUPDATE ALTER CONFIG CREATE CURSOR', NEUTRAL),
    ...each('DICTADD DICTDEL DICTDUMP EXPLAIN EXPLAINCLI HYBRID INFO PROFILE SEARCH SPELLCHECK', NEUTRAL),
    ...each('SYNDUMP SYNUPDATE TAGVALS', NEUTRAL),
    // Except for those that may delete the documents with it.
    ...each('DROP DROPINDEX', UNKNOWABLE),
  }),
  ...ofModule('GRAPH', {
    // EXPLAIN makes the graph if it is missing.
    ...each('DELETE EXPLAIN PROFILE QUERY', write(1)),
    RO_QUERY: uncached(ONE, 'unproven'),
    SLOWLOG: uncached(ONE, 'internals'),
    ...each('CONFIG LIST', NEUTRAL),
  }),
};
