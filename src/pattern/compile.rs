use super::error::PatternError;
use super::run_format::RunFormat;
use super::token::Token;

/// The longest key in S3.
const KEY_BYTES: usize = 1024;
/// Each `{any}` multiplies the positions to try.
const MOST_ANY: usize = 8;

/// The pattern's text and placeholders in order, checked.
pub(super) fn compile(text: &str) -> Result<Vec<Token>, PatternError> {
    if text.is_empty() {
        return Err(PatternError::Empty);
    }
    if text.len() > KEY_BYTES {
        return Err(PatternError::TooLong { found: text.len() });
    }
    for found in ["/", "incoming/"] {
        if text.starts_with(found) {
            return Err(PatternError::NotBelowFolder { found });
        }
    }
    let tokens = split(text)?;
    check_counts(&tokens)?;
    check_neighbours(&tokens)?;
    check_run(&tokens)?;
    Ok(tokens)
}

fn split(text: &str) -> Result<Vec<Token>, PatternError> {
    let at = |byte: usize| text.get(..byte).map_or(1, |before| before.chars().count() + 1);
    let mut tokens = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let begin = text.len() - rest.len();
        let Some(brace) = rest.find(['{', '}']) else {
            tokens.push(Token::Literal(rest.to_owned()));
            break;
        };
        let (literal, placeholder) = rest.split_at(brace);
        if !literal.is_empty() {
            tokens.push(Token::Literal(literal.to_owned()));
        }
        let unmatched = PatternError::Brace { at: at(begin + brace) };
        let Some((name, after)) = placeholder.strip_prefix('{').and_then(|inner| inner.split_once('}')) else {
            return Err(unmatched);
        };
        if name.contains('{') {
            return Err(unmatched);
        }
        tokens.push(placeholder_named(name)?);
        rest = after;
    }
    Ok(tokens)
}

fn placeholder_named(name: &str) -> Result<Token, PatternError> {
    Ok(match name {
        "export" => Token::Export,
        "segment" => Token::Segment,
        "run" => Token::Run(RunFormat::known()),
        "part" => Token::Part,
        "any" => Token::Any,
        _ => match name.strip_prefix("run:") {
            Some(format) => Token::Run(vec![RunFormat::parse(format)?]),
            None => return Err(PatternError::UnknownPlaceholder { found: name.to_owned() }),
        },
    })
}

fn check_counts(tokens: &[Token]) -> Result<(), PatternError> {
    let count = |placeholder| tokens.iter().filter(|token| token.placeholder() == Some(placeholder)).count();
    for placeholder in ["{export}", "{segment}", "{run}", "{part}"] {
        if count(placeholder) > 1 {
            return Err(PatternError::Repeated { placeholder });
        }
    }
    if count("{segment}") == 0 {
        return Err(PatternError::NoSegment);
    }
    let found = count("{any}");
    if found > MOST_ANY { Err(PatternError::TooManyAny { found }) } else { Ok(()) }
}

fn check_neighbours(tokens: &[Token]) -> Result<(), PatternError> {
    for pair in tokens.windows(2) {
        let [left, right] = pair else { continue };
        if let (Some(left_name), Some(right_name)) = (left.placeholder(), right.placeholder())
            && !left.has_fixed_width()
            && !right.has_fixed_width()
        {
            return Err(PatternError::Adjacent { left: left_name, right: right_name });
        }
    }
    Ok(())
}

fn check_run(tokens: &[Token]) -> Result<(), PatternError> {
    if tokens.iter().any(|token| matches!(token, Token::Run(_))) {
        return Ok(());
    }
    let several = tokens.iter().find(|token| matches!(token, Token::Part | Token::Any));
    match several.and_then(Token::placeholder) {
        Some(placeholder) => Err(PatternError::SeveralFilesWithoutRun { placeholder }),
        None => Ok(()),
    }
}
