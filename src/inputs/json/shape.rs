//! What the values of members of JSON objects are.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};

use crate::functions::graph::json;
use crate::inputs::csv::typed::Kind;

/// The members of objects, in the order in which they first occurred.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Members(Vec<(String, Shape)>);

/// What values are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// There are only nulls.
    Nothing,
    /// Texts, numbers and booleans, and whether numbers are among them.
    Scalar(Kind, bool),
    List(Box<Shape>),
    Object(Members),
}

/// Why an object is not like a row, and the member that shows it, such as `a.b`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Odd {
    /// The object has a member several times, with different values.
    Several(String),
    /// The values of a member are of different kinds, such as texts and lists.
    Kinds(String),
}

impl Odd {
    /// The same within a member of this name.
    fn within(self, name: &str) -> Self {
        let path = |inner: String| if inner.is_empty() { name.to_owned() } else { format!("{name}.{inner}") };
        match self {
            Self::Several(inner) => Self::Several(path(inner)),
            Self::Kinds(inner) => Self::Kinds(path(inner)),
        }
    }
}

impl Members {
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Looks at an object of valid JSON.
    ///
    /// # Errors
    /// The object is not like a row.
    pub(crate) fn add(&mut self, object: &[u8]) -> Result<(), Odd> {
        let mut seen: Vec<Option<&[u8]>> = vec![];
        let (mut next, mut result) = (0, Ok(()));
        // The objects of a file are valid JSON.
        let _ = json::members(object, 0, |key, at, end| {
            let place = self.place(key, next);
            next = place + 1;
            let value = &object[at..end];
            seen.resize(self.0.len().max(seen.len()), None);
            let (name, shape) = &mut self.0[place];
            if result.is_ok() {
                result = match seen[place].replace(value) {
                    Some(before) if before != value => Err(Odd::Several(name.clone())),
                    Some(_) => Ok(()),
                    None => shape.add(value).map_err(|odd| odd.within(name)),
                };
            }
        });
        result
    }

    /// The position of the member with a key, as it is written. Objects mostly have the same keys in the same order.
    fn place(&mut self, key: &[u8], likely: usize) -> usize {
        let name = json::scalar(key).unwrap_or_default();
        if self.0.get(likely).is_some_and(|(known, _)| *known == name) {
            return likely;
        }
        self.0.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            self.0.push((name.into_owned(), Shape::Nothing));
            self.0.len() - 1
        })
    }

    /// Adds the members of other objects.
    ///
    /// # Errors
    /// The member whose values are of different kinds.
    pub(crate) fn merge(&mut self, other: Self) -> Result<(), String> {
        for (name, shape) in other.0 {
            match self.0.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => known.merge(shape).map_err(|inner| match inner.is_empty() {
                    true => name,
                    false => format!("{name}.{inner}"),
                })?,
                None => self.0.push((name, shape)),
            }
        }
        Ok(())
    }

    /// The columns of these members.
    pub(crate) fn fields(&self) -> Vec<FieldRef> {
        self.0.iter().map(|(name, shape)| Arc::new(Field::new(name, shape.data_type(), true))).collect()
    }

    /// The first member with numbers of which a value would be written in another way by a type of numbers.
    pub(crate) fn numbers_as_text(&self) -> Option<String> {
        self.0.iter().find_map(|(name, shape)| shape.numbers_as_text().then(|| name.clone()))
    }

    /// Whether the values of a member, in any case, are numbers of which some are not whole.
    pub(crate) fn has_fractions(&self, name: &str) -> bool {
        let named = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        named.is_some_and(|(_, shape)| matches!(shape, Shape::Scalar(Kind::Float, _)))
    }
}

impl Shape {
    fn add(&mut self, value: &[u8]) -> Result<(), Odd> {
        let kinds = || Odd::Kinds(String::new());
        match value.first() {
            Some(b'n') | None => Ok(()),
            Some(b'{') => {
                if *self == Self::Nothing {
                    *self = Self::Object(Members::default());
                }
                let Self::Object(members) = self else { return Err(kinds()) };
                members.add(value)
            }
            Some(b'[') => {
                if *self == Self::Nothing {
                    *self = Self::List(Box::new(Self::Nothing));
                }
                let Self::List(item) = self else { return Err(kinds()) };
                let mut result = Ok(());
                let _ = json::items(value, 0, |at, end| {
                    if result.is_ok() {
                        result = item.add(&value[at..end]);
                    }
                });
                result
            }
            Some(first) => {
                let kind = match first {
                    b'"' => Kind::Text,
                    b't' | b'f' => Kind::Boolean,
                    _ => number(value),
                };
                self.merge(Self::Scalar(kind, !matches!(first, b'"' | b't' | b'f'))).map_err(Odd::Kinds)
            }
        }
    }

    /// Adds what other values are.
    ///
    /// # Errors
    /// The member within this one whose values are of different kinds; blank for this one.
    fn merge(&mut self, other: Self) -> Result<(), String> {
        match (&mut *self, other) {
            (_, Self::Nothing) => Ok(()),
            (Self::Nothing, other) => {
                *self = other;
                Ok(())
            }
            (Self::Scalar(kind, has_number), Self::Scalar(other, other_has)) => {
                (*kind, *has_number) = (kind.and(other), *has_number || other_has);
                Ok(())
            }
            (Self::List(item), Self::List(other)) => item.merge(*other),
            (Self::Object(members), Self::Object(other)) => members.merge(other),
            _ => Err(String::new()),
        }
    }

    fn data_type(&self) -> DataType {
        match self {
            Self::Nothing => DataType::Utf8,
            Self::Scalar(kind, _) => kind.data_type(),
            Self::List(item) => DataType::new_list(item.data_type(), true),
            Self::Object(members) => DataType::Struct(members.fields().into()),
        }
    }

    fn numbers_as_text(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Scalar(kind, has_number) => *kind == Kind::Text && *has_number,
            Self::List(item) => item.numbers_as_text(),
            Self::Object(members) => members.numbers_as_text().is_some(),
        }
    }
}

/// The kind of a number. With a fraction or an exponent it is a floating-point number in every reader of JSON.
fn number(value: &[u8]) -> Kind {
    let is_float = value == b"-0" || value.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    if is_float { Kind::Float } else { std::str::from_utf8(value).map_or(Kind::Text, Kind::of) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(objects: &[&str]) -> Result<Members, Odd> {
        let mut members = Members::default();
        objects.iter().try_for_each(|object| members.add(object.as_bytes()))?;
        Ok(members)
    }

    fn types(objects: &[&str]) -> String {
        let fields = of(objects).unwrap().fields();
        fields.iter().map(|f| format!("{} {}", f.name(), f.data_type())).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn types_of_all_values() {
        for (objects, expected) in [
            (&[r#"{"a":1}"#, r#"{"a":null,"b":"x"}"#][..], "a Int64, b Utf8"),
            (&[r#"{"a":1}"#, r#"{"a":1.5}"#, r#"{"a":2e3}"#], "a Float64"),
            (&[r#"{"a":-0}"#], "a Float64"),
            (&[r#"{"a":9007199254740993}"#], "a Int64"),
            (&[r#"{"a":9007199254740993}"#, r#"{"a":1.5}"#], "a Utf8"),
            (&[r#"{"a":12345678901234567890}"#], "a Utf8"),
            (&[r#"{"a":true}"#, r#"{"a":false}"#], "a Boolean"),
            (&[r#"{"a":true}"#, r#"{"a":"x"}"#], "a Utf8"),
            (&[r#"{"a":1}"#, r#"{"a":"x"}"#], "a Utf8"),
            (&[r#"{"a":"2026-01-01"}"#], "a Utf8"),
            (&[r#"{"a":null}"#, "{}"], "a Utf8"),
            (&[r#"{"a":[]}"#, r#"{"a":[null, 1]}"#, r#"{"a":[2.5]}"#], "a List(Float64)"),
        ] {
            assert_eq!(types(objects), expected, "{objects:?}");
        }
        let nested = of(&[r#"{"a":{"b":1}}"#, r#"{"a":{"c":{"d":[1]}, "b":2.5}}"#]).unwrap();
        let inner = |name: &str, data_type| Field::new(name, data_type, true);
        let list = DataType::new_list(DataType::Int64, true);
        let c = DataType::Struct(vec![inner("d", list)].into());
        let a = DataType::Struct(vec![inner("b", DataType::Float64), inner("c", c)].into());
        assert_eq!(nested.fields()[0].data_type(), &a);
    }

    #[test]
    fn members_have_one_value_of_one_kind() {
        let odd = |objects: &[&str]| of(objects).unwrap_err();
        let (several, kinds) =
            (|path: &str| Odd::Several(path.to_owned()), |path: &str| Odd::Kinds(path.to_owned()));
        assert_eq!(odd(&[r#"{"a":1,"b":2,"a":2}"#]), several("a"));
        assert_eq!(odd(&[r#"{"a":{"b":1,"b":2}}"#]), several("a.b"));
        assert_eq!(odd(&[r#"{"a":[{"b":1},{"c":1,"c":2}]}"#]), several("a.c"));
        assert_eq!(odd(&[r#"{"a":1}"#, r#"{"a":[1]}"#]), kinds("a"));
        assert_eq!(odd(&[r#"{"a":{"b":{}}}"#, r#"{"a":{"b":"x"}}"#]), kinds("a.b"));
        assert!(of(&[r#"{"a":1,"a":1}"#, r#"{"A":1,"a":2}"#]).is_ok());
    }

    #[test]
    fn files_of_several_types() {
        let mut first = of(&[r#"{"a":1,"b":[1]}"#]).unwrap();
        first.merge(of(&[r#"{"c":true,"b":["x"],"a":0.5}"#]).unwrap()).unwrap();
        let fields: Vec<_> = first.fields().iter().map(|field| field.data_type().clone()).collect();
        assert_eq!(fields, [DataType::Float64, DataType::new_list(DataType::Utf8, true), DataType::Boolean]);
        assert_eq!(first.numbers_as_text().as_deref(), Some("b"));
        assert!(first.has_fractions("A") && !first.has_fractions("c") && !first.has_fractions("z"));
        assert_eq!(first.merge(of(&[r#"{"b":{}}"#]).unwrap()), Err("b".to_owned()));
    }
}
