//! Declares a function of this project: its name, types, body and documentation.
//!
//! A declaration has no parameters, so a function that another machine finds by its name is the same
//! function.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, not_impl_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, DocSection, Documentation, GroupsAccumulator,
    ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::grouped::Accumulators;

/// Functions of general use, also outside of the enrichment.
pub(crate) const OWN_SQL: DocSection =
    DocSection { include: true, label: "For your own SQL", description: None };

/// Functions that the views of a run call.
pub(crate) const STEPS: DocSection =
    DocSection { include: true, label: "Steps of the enrichment", description: None };

/// Functions that show the rows between the steps; a run does not call them.
pub(crate) const INSPECTION: DocSection =
    DocSection { include: true, label: "For inspection", description: None };

/// The groups in which functions are documented, in this order.
pub(crate) const GROUPS: [DocSection; 3] = [OWN_SQL, STEPS, INSPECTION];

/// Argument types of a call → the types that the body needs.
type Arguments = fn(&[DataType]) -> Result<Vec<DataType>>;
/// Argument types → the type of the result.
type Returns = fn(&[DataType]) -> Result<DataType>;

/// A scalar function: pure, without parameters of its own.
pub(crate) struct Scalar {
    pub(crate) name: &'static str,
    pub(crate) arguments: Arguments,
    pub(crate) returns: Returns,
    pub(crate) invoke: fn(&ScalarFunctionArgs) -> Result<ArrayRef>,
    pub(crate) documentation: Documentation,
}

impl Scalar {
    pub(crate) fn into_udf(self) -> Arc<ScalarUDF> {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(Declared { function: self, signature }))
    }
}

/// An aggregate function whose accumulator needs no parameter.
pub(crate) struct Aggregate {
    pub(crate) name: &'static str,
    pub(crate) arguments: Arguments,
    pub(crate) returns: Returns,
    /// Argument types → the type of the one state column.
    pub(crate) state: Returns,
    pub(crate) accumulators: fn(&[DataType]) -> Result<Accumulators>,
    pub(crate) documentation: Documentation,
}

impl Aggregate {
    pub(crate) fn into_udf(self) -> Arc<AggregateUDF> {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(AggregateUDF::new_from_impl(Declared { function: self, signature }))
    }
}

/// Checks that a function is called with `count` arguments.
///
/// # Errors
/// A planning error if it is not.
pub(crate) fn expect_arguments(name: &str, types: &[DataType], count: usize) -> Result<()> {
    if types.len() != count {
        return plan_err!("{name} takes {count} argument(s), not {}", types.len());
    }
    Ok(())
}

/// A declared function, as DataFusion sees it. Two functions are equal if their names are equal.
struct Declared<F> {
    function: F,
    signature: Signature,
}

macro_rules! by_name {
    ($kind:ty) => {
        impl fmt::Debug for Declared<$kind> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.function.name)
            }
        }
        impl PartialEq for Declared<$kind> {
            fn eq(&self, other: &Self) -> bool {
                self.function.name == other.function.name
            }
        }
        impl Eq for Declared<$kind> {}
        impl Hash for Declared<$kind> {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.function.name.hash(state);
            }
        }
    };
}
by_name!(Scalar);
by_name!(Aggregate);

impl ScalarUDFImpl for Declared<Scalar> {
    fn name(&self) -> &str {
        self.function.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        (self.function.arguments)(types)
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        (self.function.returns)(types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        // If all arguments are constants, so is the result, and one row is enough to compute it.
        if args.args.iter().all(|a| matches!(a, ColumnarValue::Scalar(_))) {
            let one = ScalarFunctionArgs { number_rows: 1, ..args };
            let array = (self.function.invoke)(&one)?;
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array((self.function.invoke)(&args)?))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.function.documentation)
    }
}

impl AggregateUDFImpl for Declared<Aggregate> {
    fn name(&self) -> &str {
        self.function.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        (self.function.arguments)(types)
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        (self.function.returns)(types)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let types: Vec<_> = args.input_fields.iter().map(|f| f.data_type().clone()).collect();
        let state = (self.function.state)(&types)?;
        Ok(vec![Arc::new(Field::new(format_state_name(args.name, "state"), state, true))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(self.accumulators(&args)?.one)
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(self.accumulators(&args)?.many)
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.function.documentation)
    }
}

impl Declared<Aggregate> {
    fn accumulators(&self, args: &AccumulatorArgs) -> Result<Accumulators> {
        if args.is_distinct {
            return not_impl_err!("{} does not take DISTINCT", self.function.name);
        }
        let types: Vec<_> = args.expr_fields.iter().map(|f| f.data_type().clone()).collect();
        (self.function.accumulators)(&types)
    }
}
