//! Tokens to [`Module`].

use std::collections::HashMap;

use super::lexer::{Token, tokens};
use super::{Body, Function, Init, Instruction, Module, Operand, PtxError, Space, Type, Variable};

/// Blocks in inline assembly that may be nested in each other.
const MAX_DEPTH: usize = 64;
/// Registers that a function may declare.
const MAX_REGISTERS: usize = 1 << 20;

/// Reads a PTX text. `source_name` is the user's file: only its lines are reported; places in headers count for the line that the header's
/// code was inlined into.
pub fn parse(text: &str, source_name: &str) -> Result<Module, PtxError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, module: Module::default(), source_name, line: 0 };
    parser.module()?;
    Ok(parser.module)
}

struct Parser<'a> {
    tokens: &'a [(Token<'a>, u32)],
    at: usize,
    module: Module,
    source_name: &'a str,
    /// Current line of the user's source.
    line: u32,
}

/// Names of one block of a function.
#[derive(Default)]
struct Scope {
    id: usize,
    registers: HashMap<String, u32>,
    /// `%r<5>`: prefix to first register and count.
    ranges: Vec<(String, u32, u32)>,
    variables: HashMap<String, String>,
}

/// A function being read.
struct Reading {
    body: Body,
    scopes: Vec<Scope>,
    scopes_made: usize,
    /// Scope to its parent.
    parents: Vec<usize>,
    /// Scope, label, place.
    labels: Vec<(usize, String, usize)>,
    /// Scope of each instruction.
    instruction_scopes: Vec<usize>,
}

type Parsed<T> = Result<T, PtxError>;

impl<'a> Parser<'a> {
    fn ptx_line(&self) -> u32 {
        self.tokens.get(self.at.min(self.tokens.len().saturating_sub(1))).map_or(1, |(_, line)| *line)
    }

    fn fail<T>(&self, message: impl Into<String>) -> Parsed<T> {
        Err(PtxError { line: self.ptx_line(), message: message.into() })
    }

    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn next(&mut self) -> Parsed<Token<'a>> {
        let Some((token, _)) = self.tokens.get(self.at) else { return self.fail("the text ends too early") };
        self.at += 1;
        Ok(token.clone())
    }

    fn is(&self, mark: char) -> bool {
        self.peek() == Some(&Token::Mark(mark))
    }

    fn take(&mut self, mark: char) -> bool {
        let found = self.is(mark);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, mark: char) -> Parsed<()> {
        if self.take(mark) {
            return Ok(());
        }
        let found = self.peek().map_or("the end".to_string(), |t| format!("{t:?}"));
        self.fail(format!("expected `{mark}`, found {found}"))
    }

    fn word(&mut self) -> Parsed<&'a str> {
        match self.next()? {
            Token::Word(word) => Ok(word),
            other => {
                self.at -= 1;
                self.fail(format!("expected a name, found {other:?}"))
            }
        }
    }

    fn integer(&mut self) -> Parsed<i64> {
        let negative = self.take('-');
        match self.next()? {
            Token::Integer(n) => Ok(if negative { (n as i64).wrapping_neg() } else { n as i64 }),
            other => {
                self.at -= 1;
                self.fail(format!("expected an integer, found {other:?}"))
            }
        }
    }

    /// Skips to the first token of another line.
    fn skip_line(&mut self) {
        let line = self.ptx_line();
        while self.at < self.tokens.len() && self.tokens[self.at].1 == line {
            self.at += 1;
        }
    }

    fn skip_statement(&mut self) -> Parsed<()> {
        while !self.take(';') {
            self.next()?;
        }
        Ok(())
    }

    fn skip_braces(&mut self) -> Parsed<()> {
        self.expect('{')?;
        let mut depth = 1;
        while depth > 0 {
            match self.next()? {
                Token::Mark('{') => depth += 1,
                Token::Mark('}') => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }

    fn module(&mut self) -> Parsed<()> {
        let mut external = false;
        while self.at < self.tokens.len() {
            let start = self.at;
            match self.next()? {
                Token::Word(".version" | ".address_size") => {
                    self.next()?;
                }
                Token::Word(".target") => self.skip_line(),
                Token::Word(".file") => self.file()?,
                Token::Word(".loc") => self.loc()?,
                Token::Word(".visible" | ".weak" | ".common") => {}
                Token::Word(".extern") => {
                    external = true;
                    continue;
                }
                Token::Word(".entry") => self.function(true)?,
                Token::Word(".func") => self.function(false)?,
                Token::Word(".global" | ".const" | ".shared") => {
                    self.at = start;
                    let variable = self.variable(external)?;
                    self.expect(';')?;
                    self.module.variables.push(variable);
                }
                Token::Word(".section") => {
                    self.word()?;
                    self.skip_braces()?;
                }
                Token::Word(".pragma" | ".alias") => self.skip_statement()?,
                Token::Mark(';' | '}') => {}
                other => {
                    self.at = start;
                    return self.fail(format!("{other:?} outside a function"));
                }
            }
            external = false;
        }
        Ok(())
    }

    fn file(&mut self) -> Parsed<()> {
        let number = u32::try_from(self.integer()?).unwrap_or(0);
        let Token::Text(name) = self.next()? else { return self.fail(".file without a name") };
        self.module.files.push((number, name.to_string()));
        self.skip_line_rest();
        Ok(())
    }

    fn skip_line_rest(&mut self) {
        let Some((_, line)) = self.tokens.get(self.at.wrapping_sub(1)) else { return };
        while self.tokens.get(self.at).is_some_and(|(_, l)| l == line) {
            self.at += 1;
        }
    }

    fn own_file(&self, number: i64) -> bool {
        let own = |(_, name): &&(u32, String)| name.rsplit('/').next() == Some(self.source_name);
        match self.module.files.iter().find(own) {
            Some((own, _)) => i64::from(*own) == number,
            // NVRTC may write the table at the end; the user's file is then the first.
            None => number == 1,
        }
    }

    fn loc(&mut self) -> Parsed<()> {
        let file = self.integer()?;
        let line = self.integer()?;
        self.integer()?;
        let mut place = (file, line);
        let here = self.tokens[self.at - 1].1;
        while self.tokens.get(self.at).is_some_and(|(_, l)| *l == here) {
            if let Token::Word("inlined_at") = self.next()? {
                let outer = (self.integer()?, self.integer()?);
                if !self.own_file(place.0) {
                    place = outer;
                }
            }
        }
        self.line = if self.own_file(place.0) { u32::try_from(place.1).unwrap_or(0) } else { 0 };
        Ok(())
    }

    /// From the space on, up to but without the semicolon or comma.
    fn variable(&mut self, external: bool) -> Parsed<Variable> {
        let space = match self.word()? {
            ".global" => Space::Global,
            ".const" => Space::Const,
            ".shared" => Space::Shared,
            ".local" => Space::Local,
            ".param" => Space::Param,
            other => return self.fail(format!("`{other}` is no state space")),
        };
        let mut align = None;
        let mut vector = 1;
        let element = loop {
            let word = self.word()?;
            match word {
                ".align" => align = Some(u32::try_from(self.integer()?).unwrap_or(1).clamp(1, 4096)),
                ".v2" => vector = 2,
                ".v4" => vector = 4,
                ".ptr" | ".global" | ".const" | ".shared" | ".local" | ".attribute" | ".managed" => {}
                _ => match Type::parse(word.trim_start_matches('.')) {
                    Some(element) => break element,
                    None => return self.fail(format!("`{word}` is no type")),
                },
            }
        };
        // `.param .u64 .ptr .global .align 8 name`
        let name = loop {
            let word = self.word()?;
            match word {
                ".ptr" | ".global" | ".const" | ".shared" | ".local" => {}
                ".align" => {
                    self.integer()?;
                }
                _ => break word.to_string(),
            }
        };
        let mut array = false;
        let mut count = Some(vector);
        while self.take('[') {
            array = true;
            if self.take(']') {
                count = None;
                continue;
            }
            let n = u64::try_from(self.integer()?).unwrap_or(u64::MAX);
            count = count.and_then(|c: u64| c.checked_mul(n));
            self.expect(']')?;
        }
        let mut init = Vec::new();
        if self.take('=') {
            self.initial(element, &mut init)?;
        }
        let given: u64 = init
            .iter()
            .map(|i| match i {
                Init::Bytes(b) => b.len() as u64,
                Init::Address(_, _, n) => u64::from(*n),
            })
            .sum();
        let bytes = match count {
            Some(count) => match count.checked_mul(u64::from(element.bytes().max(1))) {
                Some(bytes) if bytes <= 1 << 32 => bytes,
                _ => return self.fail(format!("{name} is too large")),
            },
            None => given,
        };
        if given > bytes {
            return self.fail(format!("{name} has more initial values than elements"));
        }
        let align = align.unwrap_or(element.bytes().max(1) * vector as u32);
        Ok(Variable { space, name, align, element, bytes, array, init, external })
    }

    fn initial(&mut self, element: Type, init: &mut Vec<Init>) -> Parsed<()> {
        if self.take('{') {
            loop {
                if self.take('}') {
                    return Ok(());
                }
                self.initial(element, init)?;
                if !self.take(',') {
                    return self.expect('}');
                }
            }
        }
        let bytes = element.bytes().max(1);
        let negative = self.take('-');
        let value = match self.next()? {
            Token::Integer(n) => {
                if negative {
                    n.wrapping_neg()
                } else {
                    n
                }
            }
            Token::F32(bits) => u64::from(bits),
            Token::F64(bits) => bits,
            Token::Decimal(x) if element == Type::F64 => x.to_bits(),
            Token::Decimal(x) => u64::from((x as f32).to_bits()),
            Token::Word(name) => {
                let name = match name {
                    "generic" => {
                        self.expect('(')?;
                        let inner = self.word()?;
                        self.expect(')')?;
                        inner
                    }
                    other => other,
                };
                let offset = if self.take('+') { self.integer()? } else { 0 };
                init.push(Init::Address(name.to_string(), offset, bytes));
                return Ok(());
            }
            other => return self.fail(format!("{other:?} is no initial value")),
        };
        let value = value.to_le_bytes();
        let value = value.iter().copied().chain(std::iter::repeat(0)).take(bytes as usize);
        match init.last_mut() {
            Some(Init::Bytes(known)) => known.extend(value),
            _ => init.push(Init::Bytes(value.collect())),
        }
        Ok(())
    }

    fn parameters(&mut self) -> Parsed<Vec<Variable>> {
        let mut params = Vec::new();
        if !self.take('(') {
            return Ok(params);
        }
        while !self.take(')') {
            if self.peek() == Some(&Token::Word(".reg")) {
                return self.fail("register parameters are not supported");
            }
            params.push(self.variable(false)?);
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(params)
    }

    fn function(&mut self, entry: bool) -> Parsed<()> {
        let returns = if entry { Vec::new() } else { self.parameters()? };
        let name = self.word()?.to_string();
        let params = self.parameters()?;
        // .maxntid 256, 1, 1 and the like.
        while !self.is('{') && !self.is(';') {
            self.next()?;
        }
        if self.take(';') {
            self.module.functions.push(Function { name, entry, params, returns, body: None });
            return Ok(());
        }
        self.line = 0;
        let mut reading = Reading {
            body: Body::default(),
            scopes: Vec::new(),
            scopes_made: 0,
            parents: Vec::new(),
            labels: Vec::new(),
            instruction_scopes: Vec::new(),
        };
        self.block(&mut reading)?;
        let body = self.resolve_labels(reading)?;
        self.module.functions.push(Function { name, entry, params, returns, body: Some(body) });
        Ok(())
    }

    fn block(&mut self, reading: &mut Reading) -> Parsed<()> {
        self.expect('{')?;
        if reading.scopes.len() >= MAX_DEPTH {
            return self.fail("blocks are nested too deep");
        }
        let id = reading.scopes_made;
        reading.scopes_made += 1;
        reading.parents.push(reading.scopes.last().map_or(usize::MAX, |s| s.id));
        reading.scopes.push(Scope { id, ..Scope::default() });
        while !self.take('}') {
            self.statement(reading)?;
        }
        reading.scopes.pop();
        Ok(())
    }

    fn statement(&mut self, reading: &mut Reading) -> Parsed<()> {
        if self.is('{') {
            return self.block(reading);
        }
        if self.take(';') {
            return Ok(());
        }
        if let (Some(Token::Word(word)), Some((Token::Mark(':'), _))) = (self.peek(), self.tokens.get(self.at + 1)) {
            let label = (*word).to_string();
            self.at += 2;
            if let Some(Token::Word(".branchtargets")) = self.peek() {
                self.at += 1;
                let mut targets = Vec::new();
                while !self.take(';') {
                    targets.push(self.word()?.to_string());
                    self.take(',');
                }
                reading.body.tables.push((label, targets));
                return Ok(());
            }
            if let Some(Token::Word(".callprototype" | ".calltargets")) = self.peek() {
                return self.skip_statement();
            }
            let scope = reading.scopes.last().map_or(0, |s| s.id);
            reading.labels.push((scope, label, reading.body.code.len()));
            return Ok(());
        }
        match self.peek() {
            Some(Token::Word(".loc")) => {
                self.at += 1;
                self.loc()
            }
            Some(Token::Word(".reg")) => {
                self.at += 1;
                self.registers(reading)
            }
            Some(Token::Word(".pragma")) => self.skip_statement(),
            Some(Token::Word(".shared" | ".local" | ".param" | ".const" | ".global")) => {
                let mut variable = self.variable(false)?;
                self.expect(';')?;
                let Some(scope) = reading.scopes.last_mut() else { return self.fail("a variable outside a block") };
                let unique =
                    if scope.id == 0 { variable.name.clone() } else { format!("{}#{}", variable.name, scope.id) };
                scope.variables.insert(std::mem::replace(&mut variable.name, unique.clone()), unique);
                reading.body.variables.push(variable);
                Ok(())
            }
            Some(Token::Word(w)) if w.starts_with('.') => self.fail(format!("directive {w} is not known")),
            _ => self.instruction(reading),
        }
    }

    fn registers(&mut self, reading: &mut Reading) -> Parsed<()> {
        let mut vector = 1;
        let ty = loop {
            let word = self.word()?;
            match word {
                ".v2" => vector = 2,
                ".v4" => vector = 4,
                _ => match Type::parse(word.trim_start_matches('.')) {
                    Some(ty) => break ty,
                    None => return self.fail(format!("`{word}` is no register type")),
                },
            }
        };
        if vector != 1 {
            return self.fail("vector registers are not supported");
        }
        loop {
            let name = self.word()?.to_string();
            let first = reading.body.registers.len();
            let mut count = 1;
            let range = self.take('<');
            if range {
                count = usize::try_from(self.integer()?).unwrap_or(usize::MAX);
                self.expect('>')?;
            }
            if count > MAX_REGISTERS - first.min(MAX_REGISTERS) {
                return self.fail("too many registers");
            }
            reading.body.registers.resize(first + count, ty);
            let Some(scope) = reading.scopes.last_mut() else { return self.fail("a register outside a block") };
            if range {
                scope.ranges.push((name, first as u32, count as u32));
            } else {
                scope.registers.insert(name, first as u32);
            }
            if !self.take(',') {
                return self.expect(';');
            }
        }
    }

    fn instruction(&mut self, reading: &mut Reading) -> Parsed<()> {
        let ptx_line = self.ptx_line();
        let mut guard = None;
        if self.take('@') {
            let negated = self.take('!');
            let name = self.word()?;
            let Some(register) = register(reading, name) else {
                return self.fail(format!("guard `{name}` is not declared"));
            };
            guard = Some((register, negated));
        }
        let mut parts = self.word()?.split('.');
        let opcode = parts.next().unwrap_or_default().to_string();
        let modifiers: Vec<String> = parts.map(str::to_string).collect();
        if opcode.is_empty() {
            return self.fail("an instruction without an opcode");
        }
        let mut operands = Vec::new();
        while !self.take(';') {
            operands.push(self.operand(reading)?);
            if !self.take(',') {
                self.expect(';')?;
                break;
            }
        }
        let scope = reading.scopes.last().map_or(0, |s| s.id);
        reading.instruction_scopes.push(scope);
        reading.body.code.push(Instruction { guard, opcode, modifiers, operands, line: self.line, ptx_line });
        Ok(())
    }

    fn operand(&mut self, reading: &Reading) -> Parsed<Operand> {
        let first = self.simple_operand(reading)?;
        if self.take('|') {
            let second = self.simple_operand(reading)?;
            return Ok(Operand::Pair(Box::new(first), Box::new(second)));
        }
        if let Operand::Name(name) = &first
            && (self.is('+') || self.is('['))
        {
            // `mov.u64 %rd, table+16;`
            let name = name.clone();
            if self.take('+') {
                let offset = self.integer()?;
                return Ok(Operand::Address(Some(Box::new(Operand::Name(name))), offset));
            }
        }
        Ok(first)
    }

    fn simple_operand(&mut self, reading: &Reading) -> Parsed<Operand> {
        match self.next()? {
            Token::Mark('!') => {
                let name = self.word()?;
                match register(reading, name) {
                    Some(register) => Ok(Operand::Not(register)),
                    None => self.fail(format!("`{name}` is not declared")),
                }
            }
            Token::Mark('-') => match self.next()? {
                Token::Integer(n) => Ok(Operand::Integer((n as i64).wrapping_neg())),
                Token::Decimal(x) => Ok(Operand::F64((-x).to_bits())),
                other => self.fail(format!("`-` before {other:?}")),
            },
            Token::Integer(n) => Ok(Operand::Integer(n as i64)),
            Token::F32(bits) => Ok(Operand::F32(bits)),
            Token::F64(bits) => Ok(Operand::F64(bits)),
            Token::Decimal(x) => Ok(Operand::F64(x.to_bits())),
            Token::Word("_") => Ok(Operand::Sink),
            Token::Word(name) => Ok(named(reading, name)),
            Token::Mark('{') => Ok(Operand::Vector(self.list(reading, '}')?)),
            Token::Mark('(') => Ok(Operand::Group(self.list(reading, ')')?)),
            Token::Mark('[') => {
                let base = match self.next()? {
                    Token::Word(name) => Some(Box::new(named(reading, name))),
                    Token::Integer(n) => {
                        self.expect(']')?;
                        return Ok(Operand::Address(None, n as i64));
                    }
                    other => return self.fail(format!("{other:?} as an address")),
                };
                let offset = match self.peek() {
                    Some(Token::Mark('+')) => {
                        self.at += 1;
                        self.integer()?
                    }
                    Some(Token::Mark('-')) => self.integer()?,
                    Some(Token::Mark(',')) => return self.fail("tensor and texture addresses are not supported"),
                    _ => 0,
                };
                self.expect(']')?;
                Ok(Operand::Address(base, offset))
            }
            other => {
                self.at -= 1;
                self.fail(format!("{other:?} as an operand"))
            }
        }
    }

    fn list(&mut self, reading: &Reading, end: char) -> Parsed<Vec<Operand>> {
        let mut items = Vec::new();
        while !self.take(end) {
            // A list is never in a list, so this does not go deep.
            match self.peek() {
                Some(Token::Mark('{' | '(' | '[')) => return self.fail("a list in a list"),
                _ => items.push(self.simple_operand(reading)?),
            }
            if !self.take(',') {
                self.expect(end)?;
                break;
            }
        }
        Ok(items)
    }

    /// Gives every label a name of its own and points branches to it.
    fn resolve_labels(&self, reading: Reading) -> Parsed<Body> {
        let Reading { mut body, parents, labels, instruction_scopes, .. } = reading;
        let unique =
            |scope: usize, label: &str| if scope == 0 { label.to_string() } else { format!("{label}#{scope}") };
        let places: HashMap<(usize, &str), usize> = labels.iter().map(|(s, l, at)| ((*s, l.as_str()), *at)).collect();
        for (instruction, scope) in body.code.iter_mut().zip(&instruction_scopes) {
            if instruction.opcode != "bra" {
                continue;
            }
            let Some(Operand::Name(label)) = instruction.operands.first_mut() else { continue };
            let mut scope = *scope;
            loop {
                if places.contains_key(&(scope, label.as_str())) {
                    *label = unique(scope, label);
                    break;
                }
                scope = match parents.get(scope) {
                    Some(&parent) if parent != usize::MAX => parent,
                    _ => {
                        let message = format!("no label `{label}`");
                        return Err(PtxError { line: instruction.ptx_line, message });
                    }
                };
            }
        }
        body.labels = labels.iter().map(|(scope, label, at)| (unique(*scope, label), *at)).collect();
        Ok(body)
    }
}

fn register(reading: &Reading, name: &str) -> Option<u32> {
    for scope in reading.scopes.iter().rev() {
        if let Some(register) = scope.registers.get(name) {
            return Some(*register);
        }
        let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        if digits == 0 {
            continue;
        }
        // The prefix may itself end with digits, so every split is tried.
        for split in (name.len() - digits)..name.len() {
            let Ok(number) = name[split..].parse::<u32>() else { continue };
            let range =
                scope.ranges.iter().rev().find(|(prefix, _, count)| *prefix == name[..split] && number < *count);
            if let Some((_, first, _)) = range {
                return Some(first + number);
            }
        }
    }
    None
}

fn named(reading: &Reading, name: &str) -> Operand {
    if let Some(register) = register(reading, name) {
        return Operand::Register(register);
    }
    let variable = reading.scopes.iter().rev().find_map(|s| s.variables.get(name));
    Operand::Name(variable.map_or(name, String::as_str).to_string())
}
