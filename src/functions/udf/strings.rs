//! Columns of text and of lists of text, in any Arrow encoding.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, GenericListArray, LargeStringArray, ListBuilder, StringArray, StringBuilder,
    StringViewArray,
};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

/// A column of text in any encoding.
pub(crate) enum Text<'a> {
    Utf8(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
    /// Normalized keys (`None` is null) and the values they point to.
    Dictionary(Vec<Option<usize>>, Box<Text<'a>>),
}

impl<'a> Text<'a> {
    pub(crate) fn new(array: &'a dyn Array) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Utf8 => Text::Utf8(array.as_string()),
            DataType::LargeUtf8 => Text::Large(array.as_string()),
            DataType::Utf8View => Text::View(array.as_string_view()),
            DataType::Dictionary(_, _) => {
                let dictionary = array.as_any_dictionary();
                let keys = dictionary.keys();
                // The dictionary of a column of nulls can be empty, and `normalized_keys` panics on that.
                let no_value = dictionary.values().is_empty();
                let at = if no_value { vec![0; keys.len()] } else { dictionary.normalized_keys() };
                let keys = at.into_iter().enumerate().map(|(i, k)| keys.is_valid(i).then_some(k)).collect();
                Text::Dictionary(keys, Box::new(Text::new(dictionary.values().as_ref())?))
            }
            other => return exec_err!("text is needed, not {other}"),
        })
    }

    /// The text at a row; `None` is null.
    pub(crate) fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Text::Utf8(a) => a.is_valid(row).then(|| a.value(row)),
            Text::Large(a) => a.is_valid(row).then(|| a.value(row)),
            Text::View(a) => a.is_valid(row).then(|| a.value(row)),
            Text::Dictionary(keys, values) => keys[row].and_then(|k| values.get(k)),
        }
    }
}

/// A column of text or of lists of text.
pub(crate) enum Texts<'a> {
    One(Text<'a>),
    List(&'a GenericListArray<i32>, Text<'a>),
    LargeList(&'a GenericListArray<i64>, Text<'a>),
}

impl<'a> Texts<'a> {
    pub(crate) fn new(array: &'a ArrayRef) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                Texts::List(list, Text::new(list.values())?)
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                Texts::LargeList(list, Text::new(list.values())?)
            }
            _ => Texts::One(Text::new(array)?),
        })
    }

    /// Whether each row is a list.
    pub(crate) fn is_list(&self) -> bool {
        !matches!(self, Texts::One(_))
    }

    /// Calls `f` with each text of a row that is not null.
    pub(crate) fn for_each(&self, row: usize, mut f: impl FnMut(&'a str) -> Result<()>) -> Result<()> {
        let (text, range) = match self {
            Texts::One(text) => (text, row..row + 1),
            Texts::List(list, text) if list.is_valid(row) => {
                (text, list.value_offsets()[row] as usize..list.value_offsets()[row + 1] as usize)
            }
            Texts::LargeList(list, text) if list.is_valid(row) => {
                (text, list.value_offsets()[row] as usize..list.value_offsets()[row + 1] as usize)
            }
            _ => return Ok(()),
        };
        range.filter_map(|i| text.get(i)).try_for_each(&mut f)
    }
}

/// A list of text for each row of the first argument, a column of text: what `append` adds to it. Null gives null.
///
/// # Errors
/// The argument is not text.
pub(crate) fn text_lists(
    args: &ScalarFunctionArgs,
    append: impl Fn(&str, &mut StringBuilder),
) -> Result<ArrayRef> {
    let array = ColumnarValue::values_to_arrays(&args.args)?.swap_remove(0);
    let text = Text::new(&array)?;
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..array.len() {
        let value = text.get(row);
        if let Some(value) = value {
            append(value, lists.values());
        }
        lists.append(value.is_some());
    }
    Ok(Arc::new(lists.finish()))
}

/// The type in which the function `name` accepts a text argument: unchanged, but Utf8 for a column of type
/// Null.
///
/// # Errors
/// The argument is not text.
pub(crate) fn text_type(name: &str, data_type: &DataType) -> Result<DataType> {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ok(data_type.clone()),
        DataType::Null => Ok(DataType::Utf8),
        DataType::Dictionary(_, value) if value.is_string() => Ok(data_type.clone()),
        other => plan_err!("{name} needs text, not {other}"),
    }
}

/// The type in which the function `name` accepts an argument of text or of lists of text: unchanged, but Utf8
/// for items of type Null.
///
/// # Errors
/// The argument is neither text nor lists of text.
pub(crate) fn texts_type(name: &str, data_type: &DataType) -> Result<DataType> {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) if item.data_type().is_null() => {
            Ok(DataType::new_list(DataType::Utf8, true))
        }
        DataType::List(item) | DataType::LargeList(item) => {
            text_type(name, item.data_type())?;
            Ok(data_type.clone())
        }
        _ => text_type(name, data_type),
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::DictionaryArray;
    use datafusion::arrow::compute::cast;
    use datafusion::arrow::datatypes::Int8Type;

    use super::*;

    #[test]
    fn every_encoding_reads_alike() {
        let plain: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("c")]));
        let dictionary: DictionaryArray<Int8Type> = vec![Some("a"), None, Some("c")].into_iter().collect();
        for array in [
            plain.clone(),
            cast(&plain, &DataType::LargeUtf8).unwrap(),
            cast(&plain, &DataType::Utf8View).unwrap(),
            Arc::new(dictionary),
        ] {
            let text = Text::new(&array).unwrap();
            assert_eq!((0..3).map(|i| text.get(i)).collect::<Vec<_>>(), [Some("a"), None, Some("c")]);
        }
    }

    #[test]
    fn a_dictionary_of_nothing_but_nulls() {
        let dictionary: DictionaryArray<Int8Type> = vec![None::<&str>; 2].into_iter().collect();
        let text = Text::new(&dictionary).unwrap();
        assert_eq!([text.get(0), text.get(1)], [None, None]);
    }

    #[test]
    fn numbers_are_no_text() {
        let error = text_type("is_blank", &DataType::Int64).unwrap_err().strip_backtrace();
        assert_eq!(error, "Error during planning: is_blank needs text, not Int64");
    }
}
