package azurealert

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What follows reads and answers the part of KQL that this package writes, and panics at all else. It was written after
// https://learn.microsoft.com/kusto/query and knows nothing of conditions and events; whether the queries are KQL at all
// is Microsoft's parser's to say: see TestMicrosoft.

// row has a value for each column: a string, int64, bool, time.Time, time.Duration, []any or map[string]any; nil is null.
type row map[string]any

// workspace has the tables at a time.
type workspace struct {
	tables map[string][]row
	now    time.Time
}

// ask answers a query.
func (w *workspace) ask(query string) []row {
	p := &parser{tokens: lex(query), workspace: w, lets: map[string]any{}}
	for p.take("let") {
		name := p.next()
		p.want("=")
		if p.peek() == "materialize" {
			p.next()
			p.want("(")
			p.lets[name] = p.pipeline()
			p.want(")")
		} else {
			p.lets[name] = p.expression()(scope{})
		}
		p.want(";")
	}
	rows := p.pipeline()
	if p.at < len(p.tokens) {
		panic("kusto: what is " + p.peek())
	}
	return rows
}

var token = regexp.MustCompile(`^(?:\s+|@"(?:[^"]|"")*"|"(?:[^"\\]|\\.)*"|[0-9]+[hmd]\b|[0-9]+|[A-Za-z_]\w*|!=|=~|==|<=|>=|\.\.|.)`)

// lex gives the tokens. The argument of dynamic, which is JSON, is one.
func lex(text string) (tokens []string) {
	for text != "" {
		t := token.FindString(text)
		text = text[len(t):]
		if strings.TrimSpace(t) == "" {
			continue
		}
		if t == "in" && strings.HasPrefix(text, "~") {
			t, text = "in~", text[1:]
		}
		tokens = append(tokens, t)
		if t == "dynamic" {
			var value json.RawMessage
			decoder := json.NewDecoder(strings.NewReader(text[1:]))
			if err := decoder.Decode(&value); err != nil {
				panic("kusto: dynamic: " + err.Error())
			}
			tokens = append(tokens, string(value))
			text = text[1+decoder.InputOffset()+1:]
		}
	}
	return tokens
}

type parser struct {
	tokens    []string
	at        int
	workspace *workspace
	lets      map[string]any
}

func (p *parser) peek() string {
	if p.at == len(p.tokens) {
		return ""
	}
	return p.tokens[p.at]
}

func (p *parser) next() string { p.at++; return p.tokens[p.at-1] }

func (p *parser) take(token string) bool {
	if p.peek() != token {
		return false
	}
	p.at++
	return true
}

func (p *parser) want(tokens ...string) {
	for _, token := range tokens {
		if !p.take(token) {
			panic(fmt.Sprintf("kusto: %q where %q is expected, after %q", p.peek(), token, p.tokens[max(0, p.at-5):p.at]))
		}
	}
}

// missing is the panic of a table that does not exist.
type missing string

func (p *parser) pipeline() []row {
	rows := p.source()
	for p.take("|") {
		rows = p.operator(rows)
	}
	return rows
}

func (p *parser) source() []row {
	switch name := p.next(); name {
	case "(":
		rows := p.pipeline()
		p.want(")")
		return rows
	case "union":
		p.want("isfuzzy", "=", "true")
		var all []row
		for {
			begin := p.at
			func() {
				defer func() {
					if e := recover(); e != nil {
						if _, ok := e.(missing); !ok {
							panic(e)
						}
						p.at = begin
						p.skip()
					}
				}()
				all = append(all, p.source()...)
			}()
			if !p.take(",") {
				return all
			}
		}
	case "datatable":
		p.skip()
		p.want("[", "]")
		return nil
	default:
		if rows, ok := p.lets[name].([]row); ok {
			return rows
		}
		rows, ok := p.workspace.tables[name]
		if !ok {
			panic(missing(name))
		}
		return rows
	}
}

// skip goes past what is in parentheses.
func (p *parser) skip() {
	depth := 0
	for {
		switch p.next() {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return
			}
		}
	}
}

// column is an expression with its name.
type column struct {
	name  string
	value expression
}

func (p *parser) columns() (all []column) {
	for {
		begin := p.at
		name := p.next()
		if !p.take("=") {
			p.at = begin
			if p.tokens[p.at+1] == "(" {
				name += "_" // what an aggregate without a name is called does not matter here
			}
		}
		value := p.expression()
		if p.take("to") {
			p.want("typeof", "(", "datetime", ")")
		}
		all = append(all, column{name, value})
		if !p.take(",") {
			return all
		}
	}
}

func (p *parser) operator(rows []row) (result []row) {
	switch name := p.next(); name {
	case "where":
		keep := p.expression()
		for _, r := range rows {
			if keep(scope{row: r}) == true {
				result = append(result, r)
			}
		}
	case "extend", "project":
		columns := p.columns()
		for _, r := range rows {
			made := row{}
			if name == "extend" {
				for k, v := range r {
					made[k] = v
				}
			}
			for _, c := range columns {
				made[c.name] = c.value(scope{row: r})
			}
			result = append(result, made)
		}
	case "sort":
		p.want("by")
		column := p.next()
		p.want("asc")
		result = slices.Clone(rows)
		slices.SortStableFunc(result, func(a, b row) int { return compare(a[column], b[column]) })
	case "summarize":
		columns := p.columns()
		var by []string
		for p.take("by") || len(by) > 0 && p.take(",") {
			by = append(by, p.next())
		}
		return summarize(rows, columns, by)
	case "lookup":
		p.want("kind", "=", "leftouter", "(")
		right := p.pipeline()
		p.want(")", "on")
		on := []string{p.next()}
		for p.take(",") {
			on = append(on, p.next())
		}
		return lookup(rows, right, on)
	case "mv":
		p.want("-", "expand")
		columns := p.columns()
		for _, r := range rows {
			var arrays [][]any
			for _, c := range columns {
				array, _ := c.value(scope{row: r}).([]any)
				arrays = append(arrays, array)
			}
			for i := range arrays[0] {
				made := row{}
				for k, v := range r {
					made[k] = v
				}
				for j, c := range columns {
					made[c.name] = arrays[j][i]
				}
				result = append(result, made)
			}
		}
	default:
		panic("kusto: no operator " + name)
	}
	return result
}

func key(r row, columns []string) string {
	var parts []string
	for _, c := range columns {
		parts = append(parts, fmt.Sprintf("%q", fmt.Sprint(r[c])))
	}
	return strings.Join(parts, " ")
}

func summarize(rows []row, columns []column, by []string) (result []row) {
	groups, order := map[string][]row{}, []string{}
	if len(by) == 0 {
		order = append(order, "") // of nothing there is a row, too
	}
	for _, r := range rows {
		k := key(r, by)
		if _, ok := groups[k]; !ok && len(by) > 0 {
			order = append(order, k)
		}
		groups[k] = append(groups[k], r)
	}
	for _, k := range order {
		made := row{}
		for _, c := range by {
			made[c] = groups[k][0][c]
		}
		for _, c := range columns {
			made[c.name] = c.value(scope{group: groups[k]})
		}
		result = append(result, made)
	}
	return result
}

// lookup is a left outer join, in which no left row meets two right ones here.
func lookup(left, right []row, on []string) (result []row) {
	byKey := map[string]row{}
	for _, r := range right {
		byKey[key(r, on)] = r
	}
	for _, l := range left {
		made := row{}
		for k, v := range byKey[key(l, on)] {
			made[k] = v
		}
		for k, v := range l {
			made[k] = v
		}
		result = append(result, made)
	}
	return result
}

// scope is what an expression is about: a row or, in an aggregate, a group.
type scope struct {
	row   row
	group []row
}

type expression func(scope) any

func (p *parser) expression() expression {
	return p.chain("or", func() expression { return p.chain("and", p.comparison) })
}

// chain reads operands of "and" or "or", which are false, true or null.
func (p *parser) chain(word string, operand func() expression) expression {
	operands := []expression{operand()}
	for p.take(word) {
		operands = append(operands, operand())
	}
	if len(operands) == 1 {
		return operands[0]
	}
	decides := word == "or"
	return func(s scope) any {
		var result any = !decides
		for _, o := range operands {
			switch o(s) {
			case decides:
				return decides
			case nil:
				result = nil
			}
		}
		return result
	}
}

func (p *parser) comparison() expression {
	left := p.sum()
	switch op := p.peek(); op {
	case "==", "!=", "<", ">", "=~", "matches":
		p.next()
		if op == "matches" {
			p.want("regex")
		}
		right := p.sum()
		return func(s scope) any { return relation(op, left(s), right(s)) }
	case "in", "in~":
		p.next()
		p.want("(")
		items := []expression{p.sum()}
		for p.take(",") {
			items = append(items, p.sum())
		}
		p.want(")")
		equal := map[string]string{"in": "==", "in~": "=~"}[op]
		return func(s scope) any {
			return slices.ContainsFunc(items, func(item expression) bool { return relation(equal, left(s), item(s)) == true })
		}
	case "between":
		p.next()
		p.want("(")
		low := p.sum()
		p.want("..")
		high := p.sum()
		p.want(")")
		return func(s scope) any {
			v := left(s)
			if v == nil {
				return nil
			}
			return compare(v, low(s)) >= 0 && compare(v, high(s)) <= 0
		}
	}
	return left
}

func (p *parser) sum() expression {
	left := p.factor()
	for p.peek() == "+" || p.peek() == "-" {
		op, before, right := p.next(), left, p.factor()
		left = func(s scope) any { return add(op, before(s), right(s)) }
	}
	return left
}

func (p *parser) factor() expression {
	if p.take("-") {
		value := p.factor()
		return func(s scope) any { return -value(s).(int64) }
	}
	value := p.atom()
	for {
		var index expression
		switch {
		case p.take("."):
			name := p.next()
			index = func(scope) any { return name }
		case p.take("["):
			index = p.expression()
			p.want("]")
		default:
			return value
		}
		of, at := value, index
		value = func(s scope) any {
			switch v := of(s).(type) {
			case map[string]any:
				return v[at(s).(string)]
			default: // null, or a text
				return nil
			}
		}
	}
}

func (p *parser) atom() expression {
	t := p.next()
	constant := func(v any) expression { return func(scope) any { return v } }
	switch {
	case t == "(":
		e := p.expression()
		p.want(")")
		return e
	case t == "true", t == "false":
		return constant(t == "true")
	case t == "dynamic":
		return constant(fromJSON(p.next()))
	case t == "toscalar":
		p.want("(")
		rows := p.pipeline()
		p.want(")")
		for _, v := range rows[0] {
			return constant(v)
		}
		return constant(nil)
	case strings.HasPrefix(t, "@"):
		return constant(strings.ReplaceAll(t[2:len(t)-1], `""`, `"`))
	case t[0] == '"':
		text, err := strconv.Unquote(t)
		if err != nil {
			panic("kusto: " + t)
		}
		return constant(text)
	case t[0] >= '0' && t[0] <= '9':
		if strings.HasSuffix(t, "d") {
			days, _ := strconv.Atoi(strings.TrimSuffix(t, "d"))
			return constant(time.Duration(days) * 24 * time.Hour)
		}
		if d, err := time.ParseDuration(t); err == nil && d > 0 {
			return constant(d)
		}
		n, err := strconv.ParseInt(t, 10, 64)
		if err != nil {
			panic("kusto: " + t)
		}
		return constant(n)
	case p.take("("):
		var arguments []expression
		for !p.take(")") {
			arguments = append(arguments, p.expression())
			p.take(",")
		}
		return p.call(t, arguments)
	}
	if v, ok := p.lets[t]; ok {
		return constant(v)
	}
	return func(s scope) any {
		v, ok := s.row[t]
		if !ok {
			return absent(t)
		}
		return v
	}
}

// absent is what a column has that a record does not give: a text is empty, all else null.
func absent(column string) any {
	switch column {
	case "HttpStatusCode", "Identity", "Claims_d", "Properties_d", "FirstWho", "FirstFrom":
		return nil
	}
	return ""
}
