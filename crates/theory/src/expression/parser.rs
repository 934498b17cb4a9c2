//! From tokens to a program: a recursive descent whose depth is limited.
//!
//! ```text
//! sum     = product { ("+" | "-") product }
//! product = signed { ("*" | "/") signed }
//! signed  = ("-" | "+") signed | power
//! power   = primary [ ("^" | "**") signed ]
//! primary = number | "x" | "pi" | "e" | "(" sum ")" | name "(" sum { "," sum } ")"
//!         | "where" "(" sum ("<" | "<=" | ">" | ">=") sum "," sum "," sum ")"
//! ```

use super::lexer::{Token, tokens};
use super::{Comparison, Elementary, Expression, MAX_DEPTH, MAX_LENGTH, MAX_OPERATIONS, Operation};
use crate::activation::{Activation, ActivationError, find, nearest, row_names};

/// Functions of two or more arguments.
const FORMS: [&str; 4] = ["max", "min", "clamp", "where"];

/// The expression that `text` spells out.
pub(crate) fn parse(text: &str) -> Result<Expression, ActivationError> {
    if text.len() > MAX_LENGTH {
        return Err(ActivationError::TooLong {
            limit: MAX_LENGTH,
            what: "bytes",
        });
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
        program: Vec::new(),
    };
    parser.sum()?;
    if *parser.peek() != Token::End {
        return Err(parser.unexpected("an operator or the end"));
    }
    Ok(Expression::new(parser.program))
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    next: usize,
    depth: usize,
    program: Vec<Operation>,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.next].0
    }

    fn column(&self) -> usize {
        self.tokens[self.next].1
    }

    fn unexpected(&self, expected: &'static str) -> ActivationError {
        ActivationError::Syntax {
            column: self.column(),
            expected,
            found: self.peek().describe(),
        }
    }

    /// Takes the symbol if it comes next. The end is never taken.
    fn takes(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(next) if *next == symbol);
        self.next += usize::from(found);
        found
    }

    fn must_take(&mut self, symbol: &str, expected: &'static str) -> Result<(), ActivationError> {
        if self.takes(symbol) {
            Ok(())
        } else {
            Err(self.unexpected(expected))
        }
    }

    fn emit(&mut self, operation: Operation) -> Result<(), ActivationError> {
        if self.program.len() == MAX_OPERATIONS {
            return Err(ActivationError::TooLong {
                limit: MAX_OPERATIONS,
                what: "operations",
            });
        }
        self.program.push(operation);
        Ok(())
    }

    fn sum(&mut self) -> Result<(), ActivationError> {
        self.product()?;
        loop {
            if self.takes("+") {
                self.product()?;
                self.emit(Operation::Add)?;
            } else if self.takes("-") {
                self.product()?;
                self.emit(Operation::Subtract)?;
            } else {
                return Ok(());
            }
        }
    }

    fn product(&mut self) -> Result<(), ActivationError> {
        self.signed()?;
        loop {
            if self.takes("*") {
                self.signed()?;
                self.emit(Operation::Multiply)?;
            } else if self.takes("/") {
                self.signed()?;
                self.emit(Operation::Divide)?;
            } else {
                return Ok(());
            }
        }
    }

    /// Every recursion passes through here, so that this is where its depth is counted.
    fn signed(&mut self) -> Result<(), ActivationError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ActivationError::TooDeep {
                limit: MAX_DEPTH,
                column: self.column(),
            });
        }
        if self.takes("-") {
            self.signed()?;
            self.emit(Operation::Negate)?;
        } else if self.takes("+") {
            self.signed()?;
        } else {
            self.power()?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn power(&mut self) -> Result<(), ActivationError> {
        self.primary()?;
        if !self.takes("^") {
            return Ok(());
        }
        let start = self.program.len();
        self.signed()?;
        if self.program[start..].contains(&Operation::Variable) {
            return self.emit(Operation::Power);
        }
        // A constant exponent is folded: x^2 is a product, not exp(2 ln x).
        let exponent = Expression::new(self.program.split_off(start)).evaluate(0.0);
        self.emit(Operation::PowerOf(exponent))
    }

    fn primary(&mut self) -> Result<(), ActivationError> {
        let column = self.column();
        match self.peek().clone() {
            Token::Number(value) => {
                self.next += 1;
                self.emit(Operation::Constant(value))
            }
            Token::Symbol("(") => {
                self.next += 1;
                self.sum()?;
                self.must_take(")", "`)` or an operator")
            }
            Token::Name(name) => {
                self.next += 1;
                self.named(&name, column)
            }
            _ => Err(self.unexpected("a number, `x`, a function or `(`")),
        }
    }

    fn named(&mut self, name: &str, column: usize) -> Result<(), ActivationError> {
        match name {
            "x" => return self.emit(Operation::Variable),
            "pi" => return self.emit(Operation::Constant(std::f64::consts::PI)),
            "e" => return self.emit(Operation::Constant(std::f64::consts::E)),
            _ => {}
        }
        let elementary = Elementary::NAMES.iter().find(|(known, _)| *known == name);
        let row = find(name);
        if elementary.is_none() && row.is_none() && !FORMS.contains(&name) {
            let known = Elementary::NAMES.iter().map(|(known, _)| *known);
            let suggestion = nearest(name, row_names().chain(known).chain(FORMS));
            return Err(ActivationError::UnknownName {
                name: name.to_owned(),
                column,
                suggestion: suggestion.map(str::to_owned),
            });
        }
        self.must_take("(", "`(` after a function's name")?;
        if name == "where" {
            return self.where_form();
        }
        let arguments = self.arguments()?;
        let wrong = |expected| {
            Err(ActivationError::ArgumentCount {
                function: name.to_owned(),
                column,
                expected,
                got: arguments.len(),
            })
        };
        match (name, arguments.len()) {
            ("max", 2) => self.emit(Operation::Maximum),
            ("min", 2) => self.emit(Operation::Minimum),
            ("max" | "min", _) => wrong("2"),
            ("clamp", 3) => self.clamp(&arguments),
            ("clamp", _) => wrong("3"),
            _ => match (elementary, row, arguments.len()) {
                (Some((_, function)), _, 1) => self.emit(Operation::Call(*function)),
                (Some(_), _, _) => wrong("1"),
                (None, Some(row), 1) => {
                    let activation = Activation::from_row(row, None)?;
                    self.call(&activation, arguments[0])
                }
                (None, Some(row), 2) => {
                    let parameter = self.constant(arguments[1])?;
                    let activation = Activation::from_row(row, Some(parameter))?;
                    self.call(&activation, arguments[0])
                }
                (None, _, _) => wrong("1 or 2"),
            },
        }
    }

    /// A named activation of the argument that begins at `start`.
    fn call(&mut self, activation: &Activation, start: usize) -> Result<(), ActivationError> {
        self.emit(Operation::Activation(activation.kind().clone()))?;
        // Of a constant it is folded: `leaky_relu(2)` alone names an activation by its parameter.
        let program = &self.program[start..];
        if !program.contains(&Operation::Variable) {
            let value = Expression::new(program.to_vec()).evaluate(0.0);
            if value.is_finite() {
                self.program.truncate(start);
                self.emit(Operation::Constant(value.abs()))?;
                if value < 0.0 {
                    self.emit(Operation::Negate)?;
                }
            }
        }
        Ok(())
    }

    /// Arguments up to the closing parenthesis; where in the program each begins.
    fn arguments(&mut self) -> Result<Vec<usize>, ActivationError> {
        let mut starts = Vec::new();
        loop {
            starts.push(self.program.len());
            self.sum()?;
            if self.takes(")") {
                return Ok(starts);
            }
            self.must_take(",", "`,`, `)` or an operator")?;
        }
    }

    /// clamp(v, low, high) = min(max(v, low), high).
    fn clamp(&mut self, starts: &[usize]) -> Result<(), ActivationError> {
        let high = self.program.split_off(starts[2]);
        self.emit(Operation::Maximum)?;
        for operation in high {
            self.emit(operation)?;
        }
        self.emit(Operation::Minimum)
    }

    /// The value of the last argument, which is taken off the program and must not contain x.
    fn constant(&mut self, start: usize) -> Result<f64, ActivationError> {
        let column = self.tokens[self.next.saturating_sub(2)].1;
        let program = self.program.split_off(start);
        if program.contains(&Operation::Variable) {
            return Err(ActivationError::Syntax {
                column,
                expected: "a parameter without x",
                found: String::from("`x`"),
            });
        }
        Ok(Expression::new(program).evaluate(0.0))
    }

    fn where_form(&mut self) -> Result<(), ActivationError> {
        self.sum()?;
        let comparison = match self.peek() {
            Token::Symbol("<") => Comparison::Less,
            Token::Symbol("<=") => Comparison::LessOrEqual,
            Token::Symbol(">") => Comparison::Greater,
            Token::Symbol(">=") => Comparison::GreaterOrEqual,
            _ => return Err(self.unexpected("`<`, `<=`, `>` or `>=`")),
        };
        self.next += 1;
        self.sum()?;
        for _ in 0..2 {
            self.must_take(",", "`,` before a branch of `where`")?;
            self.sum()?;
        }
        self.must_take(")", "`)` or an operator")?;
        self.emit(Operation::Where(comparison))
    }
}
