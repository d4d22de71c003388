// Sample calls of the reads in the table of wire commands, as they go on the wire. The words a and b are keys, and no
// other word is.

const lines = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Every read that is cached. */
export const READ_WIRES: readonly (readonly string[])[] = lines(`
  BITCOUNT a
  BITCOUNT a 0 0 BIT
  BITFIELD_RO a GET u8 0
  BITPOS a 1
  DIGEST a
  GET a
  GETBIT a 6
  GETRANGE a 0 -1
  STRLEN a
  SUBSTR a 0 -1
  LCS a b
  LCS a b LEN
  LCS a b IDX WITHMATCHLEN
  MGET a b
  PFCOUNT a
  PFCOUNT a b
  EXPIRETIME a
  PEXPIRETIME a
  TYPE a
  EXISTS a
  EXISTS a b a
  SORT_RO a ALPHA
  SORT_RO a ALPHA DESC LIMIT 0 1
  HEXISTS a f
  HEXPIRETIME a FIELDS 1 f
  HPEXPIRETIME a FIELDS 1 f
  HGET a f
  HGETALL a
  HKEYS a
  HLEN a
  HMGET a f g
  HSTRLEN a f
  HVALS a
  LINDEX a 0
  LLEN a
  LPOS a x RANK -1
  LRANGE a 0 -1
  SCARD a
  SISMEMBER a x
  SMEMBERS a
  SMISMEMBER a x y
  SDIFF a b
  SINTER a b
  SUNION a b
  SDIFFCARD 2 a b
  SINTERCARD 2 a b LIMIT 1
  SUNIONCARD 2 a b
  ZCARD a
  ZCOUNT a -inf +inf
  ZLEXCOUNT a - +
  ZMSCORE a x y
  ZRANGE a 0 -1 REV WITHSCORES
  ZRANGE a -inf +inf BYSCORE LIMIT 0 2
  ZRANGEBYLEX a - +
  ZRANGEBYSCORE a -inf +inf WITHSCORES
  ZRANK a x
  ZREVRANGE a 0 -1
  ZREVRANGEBYLEX a + -
  ZREVRANGEBYSCORE a +inf -inf
  ZREVRANK a x
  ZSCORE a x
  ZDIFF 2 a b WITHSCORES
  ZINTER 2 a b WEIGHTS 2 3 AGGREGATE MAX WITHSCORES
  ZINTERCARD 2 a b
  ZUNION 2 a b WITHSCORES
  GEODIST a Palermo Catania km
  GEOHASH a Palermo
  GEOPOS a Palermo Catania
  GEORADIUSBYMEMBER_RO a Palermo 500 km
  GEORADIUS_RO a 15 37 500 km WITHDIST
  GEOSEARCH a FROMLONLAT 15 37 BYRADIUS 500 km ASC
  GEOSEARCH a FROMMEMBER Palermo BYBOX 500 500 km COUNT 1
  XLEN a
  XRANGE a - +
  XREVRANGE a + - COUNT 1
  VCARD a
  VDIM a
  VEMB a e
  VGETATTR a e
  VISMEMBER a e
  VLINKS a e WITHSCORES
  VRANGE a - + 10
  JSON.ARRINDEX a $.l 1
  JSON.ARRLEN a $.l
  JSON.GET a $.x $.y
  JSON.MGET a b $.x
  JSON.OBJKEYS a $
  JSON.OBJLEN a $
  JSON.RESP a $
  JSON.STRLEN a $.x
  JSON.TYPE a $.x
`).map((line) => line.split(' '));

/** Calls of cached commands that are not cached, because of one of their words. */
export const UNCACHED_FORMS: readonly (readonly string[])[] = lines(`
  SORT_RO a BY w_*
  SORT_RO a ALPHA GET o_* GET #
  SUNIONCARD 2 a b APPROX
`).map((line) => line.split(' '));

/** Every read of the server itself that is not cached. */
export const UNCACHED_WIRES: readonly (readonly string[])[] = lines(`
  ARCOUNT a
  ARGET a 0
  ARGETRANGE a 0 1
  ARGREP a 0 1 MATCH x
  ARINFO a
  ARLASTITEMS a 1
  ARLEN a
  ARMGET a 0 1
  ARNEXT a
  AROP a 0 1 SUM
  ARSCAN a 0 1
  BLESS GET a
  DUMP a
  EVAL_RO script 2 a b x
  EVALSHA_RO script 1 a x
  FCALL_RO name 1 a x
  HPTTL a FIELDS 1 f
  HRANDFIELD a 2
  HSCAN a 0
  HTTL a FIELDS 1 f
  MEMORY USAGE a
  OBJECT ENCODING a
  OBJECT IDLETIME a
  PTTL a
  SRANDMEMBER a
  SSCAN a 0
  TOUCH a b
  TTL a
  VINFO a
  VRANDMEMBER a
  VSIM a ELE e
  XINFO STREAM a
  XINFO CONSUMERS a g
  XPENDING a g
  XREAD COUNT 1 STREAMS a b 0 0
  XREAD BLOCK 1 STREAMS a $
  ZRANDMEMBER a
  ZSCAN a 0
`).map((line) => line.split(' '));
