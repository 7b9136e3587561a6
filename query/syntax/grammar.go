package syntax

import (
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The parse tree, and with it the grammar: participle reads both from these types, whose names are the productions of
// Grammar. The types that take a single word are the slots which completion and messages speak of (slots in network.go).

type query struct {
	Question question `parser:"@@ '?'?"`
	Stages   []stage  `parser:"( '|' @@ )* '?'?"`
}

type question struct {
	Who      *who      `parser:"  @@"`
	Can      *can      `parser:"| @@"`
	Why      *why      `parser:"| @@"`
	What     *what     `parser:"| @@"`
	Paths    *paths    `parser:"| @@"`
	External *external `parser:"| @@"`
	Choke    *choke    `parser:"| @@"`
	List     *list     `parser:"| @@"`
	Changes  *changes  `parser:"| @@"`
}

type who struct {
	Pos     lexer.Position
	In      []scope  `parser:"'who' ( 'in' @@ ( ',' @@ )*"`
	Outside *outside `parser:"| @@ )?"`
	Admin   bool     `parser:"( 'is' @'admin'"`
	Target  *target  `parser:"| 'can' ( 'reach' @@"`
	Access  *access  `parser:"| 'do'? @@ ) )"`
	Clauses []clause `parser:"@@*"`
}

type outside struct {
	Pos  lexer.Position
	Word bool `parser:"@'outside'"`
}

type can struct {
	Pos       lexer.Position
	Principal principal `parser:"'can' @@"`
	Access    access    `parser:"'do'? @@"`
	Clauses   []clause  `parser:"@@*"`
}

type why struct {
	Pos       lexer.Position
	Negated   bool      `parser:"'why' ( 'can' | @( 'cannot' | \"can't\" ) )"`
	Principal principal `parser:"@@"`
	Access    access    `parser:"'do'? @@"`
	Clauses   []clause  `parser:"@@*"`
}

type what struct {
	Pos       lexer.Position
	Principal principal `parser:"'what' 'can' @@"`
	Reach     bool      `parser:"( @'reach' | 'do' )?"`
	Clauses   []clause  `parser:"@@*"`
}

type paths struct {
	Pos     lexer.Position
	Mode    string   `parser:"@( 'shortest' | 'all' )? 'paths'"`
	Source  source   `parser:"'from' @@"`
	Target  target   `parser:"'to' @@"`
	Clauses []clause `parser:"@@*"`
}

type external struct {
	Pos     lexer.Position
	Trust   bool     `parser:"'external' ( 'access' | @'trust' )"`
	Clauses []clause `parser:"@@*"`
}

type choke struct {
	Pos     lexer.Position
	Target  target   `parser:"'choke' 'points' 'to' @@"`
	Clauses []clause `parser:"@@*"`
}

type list struct {
	Pos   lexer.Position
	Kind  kind   `parser:"'show' @@"`
	Parts []part `parser:"@@*"`
}

type kind struct {
	Word string `parser:"@( 'principals' | 'users' | 'groups' | 'roles' | 'policies' | 'statements' | 'resources' | 'compute' | 'accounts' | 'snapshots' | 'keys' | 'providers' )"`
}

type part struct {
	Where  *where  `parser:"  @@"`
	Clause *clause `parser:"| @@"`
}

type changes struct {
	Pos  lexer.Position
	From snapshot  `parser:"'changes' 'from' @@"`
	To   snapshot  `parser:"'to' @@"`
	In   *question `parser:"(   'in' '(' @@ '?'? ')'"`
	With []string  `parser:"  | 'with' @( 'observations' | 'paths' ) ( ',' @( 'observations' | 'paths' ) )* )?"`
}

type access struct {
	Pos        lexer.Position
	Quantifier string   `parser:"( @( 'any' | 'all' ) 'of' )?"`
	Actions    []action `parser:"@@ ( ',' @@ )*"`
}

type action struct {
	Pos  lexer.Position
	Text string `parser:"@( Pair | Star | Ref | String )"`
}

type clause struct {
	Pos    lexer.Position
	On     []resource `parser:"  ( 'on' | 'with' ) @@ ( ',' @@ )*"`
	When   *context   `parser:"| 'when' @@"`
	In     []scope    `parser:"| 'in' @@ ( ',' @@ )*"`
	Except []excepted `parser:"| 'except' @@ ( ',' @@ )*"`
	Via    []edge     `parser:"| 'via' @@ ( ',' @@ )*"`
	Within *number    `parser:"| 'within' @@ ( 'hops' | 'hop' )"`
	At     *snapshot  `parser:"| 'at' @@"`
}

type resource struct {
	Pos  lexer.Position
	Text string `parser:"@( Arn | Star | String | Quoted )"`
}

type excepted struct {
	Scope     *scope     `parser:"  @@"`
	Principal *principal `parser:"| @@"`
}

type edge struct {
	Pos  lexer.Position
	Kind string `parser:"@( 'direct' | 'assume' | 'federation' | 'escalation' )"`
}

type snapshot struct {
	Pos  lexer.Position
	Text string `parser:"@( Ref | String )"`
}

type target struct {
	Pos       lexer.Position
	Admin     bool       `parser:"( @'admin'"`
	Of        *account   `parser:"  ( 'of' 'account' @@ )?"`
	Principal *principal `parser:"| @@"`
	Access    *access    `parser:"| @@ )"`
}

type source struct {
	Pos       lexer.Position
	Outsiders string     `parser:"  @( 'external' | 'public' | 'anyone' )"`
	Principal *principal `parser:"| @@"`
}

type principal struct {
	Pos     lexer.Position
	Named   *named   `parser:"  @@"`
	Root    bool     `parser:"| @'root'"`
	Account *account `parser:"| 'account' @@"`
	Service *name    `parser:"| 'service' @@"`
}

type named struct {
	Text string `parser:"@( Arn | Quoted )"`
}

type scope struct {
	Pos     lexer.Position
	Account *account     `parser:"  'account' @@"`
	Bare    *bareAccount `parser:"| @@"`
	OU      *name        `parser:"| 'ou' @@"`
	Org     *name        `parser:"| 'org' @@"`
	Outside bool         `parser:"| @'outside'"`
	Key     *name        `parser:"| 'tag' @@"`
	Value   *value       `parser:"  '=' @@"`
}

type account struct {
	Pos  lexer.Position
	Text string `parser:"@( Int | Word | String )"`
}

type bareAccount struct {
	Pos  lexer.Position
	Text string `parser:"@Int"`
}

type number struct {
	Pos  lexer.Position
	Text string `parser:"@Int"`
}

type name struct {
	Pos  lexer.Position
	Text string `parser:"@( Word | Int | Pair | Star | Ref | Arn | String | Quoted )"`
}

type context struct {
	Pos   lexer.Position
	Terms []conjunction `parser:"@@ ( 'or' @@ )*"`
}

type conjunction struct {
	Pos   lexer.Position
	Terms []condition `parser:"@@ ( 'and' @@ )*"`
}

type condition struct {
	Pos   lexer.Position
	Nots  []not     `parser:"@@*"`
	Group *context  `parser:"( '(' @@ ')'"`
	Const *constant `parser:"| @@"`
	Test  *test     `parser:"| @@ )"`
}

type constant struct {
	Pos  lexer.Position
	Word string `parser:"@( 'true' | 'false' )"`
}

type not struct {
	Pos  lexer.Position
	Word bool `parser:"@'not'"`
}

type test struct {
	Pos   lexer.Position
	Set   string  `parser:"@( 'all' | 'any' )?"`
	Key   key     `parser:"@@"`
	Op    string  `parser:"( @( '=' | '!=' | '<' | '<=' | '>' | '>=' )"`
	One   *value  `parser:"  @@"`
	Many  string  `parser:"| ( @'~='"`
	Not   bool    `parser:"  | @'not'?"`
	Word  string  `parser:"    @( 'like' | 'arnlike' | 'in' ) )"`
	Only  *value  `parser:"  ( @@"`
	List  []value `parser:"  | '(' @@ ( ',' @@ )* ')' )"`
	IsNot bool    `parser:"| 'is' @'not'?"`
	State string  `parser:"  @( 'present' | 'absent' ) )"`
}

type key struct {
	Pos  lexer.Position
	Text string `parser:"@( 'resource' | Pair | String | Quoted )"`
}

type value struct {
	Pos  lexer.Position
	Text string `parser:"@( Word | Int | Pair | Star | Ref | Arn | String | Quoted )"`
}

type predicate struct {
	Pos   lexer.Position
	Terms []predicateConjunction `parser:"@@ ( 'or' @@ )*"`
}

type predicateConjunction struct {
	Pos   lexer.Position
	Terms []predicateTerm `parser:"@@ ( 'and' @@ )*"`
}

type predicateTerm struct {
	Pos   lexer.Position
	Nots  []not      `parser:"@@*"`
	Group *predicate `parser:"( '(' @@ ')'"`
	Call  *call      `parser:"| @@"`
	Test  *fieldTest `parser:"| @@ )"`
}

type call struct {
	Pos       lexer.Position
	Function  string  `parser:"@Word '('"`
	Arguments []value `parser:"@@ ( ',' @@ )* ')'"`
}

type fieldTest struct {
	Pos   lexer.Position
	Field field   `parser:"@@"`
	Op    string  `parser:"( @( '=' | '!=' | '<' | '<=' | '>' | '>=' )"`
	One   *value  `parser:"  @@"`
	Not   bool    `parser:"| @'not'? ("`
	Word  string  `parser:"    @( 'like' | 'contains' )"`
	Only  *value  `parser:"    @@"`
	List  []value `parser:"  | 'in' '(' @@ ( ',' @@ )* ')' )"`
	IsNot bool    `parser:"| 'is' @'not'?"`
	Null  bool    `parser:"  @'null' )?"`
}

type field struct {
	Pos  lexer.Position
	Text string `parser:"@( Word | Pair | String | Quoted )"`
}

type where struct {
	Pos       lexer.Position
	Predicate predicate `parser:"'where' @@"`
}

type stage struct {
	Pos    lexer.Position
	Where  *where  `parser:"  @@"`
	Select []field `parser:"| 'select' @@ ( ',' @@ )*"`
	Group  []field `parser:"| 'group' 'by' @@ ( ',' @@ )*"`
	Total  bool    `parser:"    @'count'?"`
	Sort   *field  `parser:"| 'sort' 'by' @@"`
	Order  string  `parser:"    @( 'asc' | 'desc' )?"`
	Limit  *number `parser:"| 'limit' @@"`
	Count  bool    `parser:"| @'count'"`
}

// built is what the grammar types are turned into, once and when first needed: building takes about a millisecond.
type built struct {
	lexer     *definition
	parser    *participle.Parser[query]
	condition *participle.Parser[context]

	word, int, pair, star, ref, arn, str, quoted, op, mark lexer.TokenType
	blank, cannot, open, stray                             lexer.TokenType
}

// build gives the lexer and the parser. It panics if the grammar is malformed, which depends on nothing but this file.
var build = sync.OnceValue(func() *built {
	d, err := newDefinition()
	if err != nil {
		panic(err)
	}
	parser := participle.MustBuild[query](participle.Lexer(d), participle.CaseInsensitive(tokenWord), participle.UseLookahead(2))
	condition, err := participle.ParserForProduction[context](parser)
	if err != nil {
		panic(err)
	}
	s := d.symbols
	return &built{
		lexer: d, parser: parser, condition: condition,
		word: s[tokenWord], int: s[tokenInt], pair: s[tokenPair], star: s[tokenStar], ref: s[tokenRef], arn: s[tokenArn],
		str: s[tokenString], quoted: s[tokenQuoted], op: s[tokenOp], mark: s[tokenMark],
		blank: s["Blank"], cannot: s["Cannot"], open: s["Open"], stray: s["Stray"],
	}
})
