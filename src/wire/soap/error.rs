//! What can be wrong with a message.

use crate::{
    model::UpdateIdentity,
    wire::{
        server_sync::BlobError,
        xml::{ForbiddenCharacter, XmlError},
    },
};

use super::Fault;

/// Why a message cannot be understood or written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SoapError {
    /// Not XML, or XML that is refused.
    #[error("message cannot be read as XML")]
    Xml(#[from] XmlError),
    /// XML, but no SOAP envelope with a body and one element in it.
    #[error("message is not a SOAP envelope: {0}")]
    NotAnEnvelope(&'static str),
    /// The envelope holds another element than the one expected.
    #[error("message holds `{found}`, not `{expected}`")]
    UnexpectedBody {
        /// Local name found.
        found: String,
        /// Local name expected.
        expected: String,
    },
    /// A parameter or result that must be there is absent.
    #[error("`{element}` is absent")]
    Missing {
        /// The parameter of the call, or the element of the result.
        element: &'static str,
    },
    /// A value that cannot be understood.
    #[error("`{element}` holds `{value}`, which is not understood")]
    Invalid {
        /// The parameter of the call, or the element of the result.
        element: &'static str,
        /// The value, shortened.
        value: String,
    },
    /// An update's document could not be unpacked.
    #[error("document of update {identity} cannot be unpacked")]
    Blob {
        /// Whose document.
        identity: UpdateIdentity,
        /// What is wrong with it.
        #[source]
        source: BlobError,
    },
    /// The other side answered with a fault.
    #[error("server answered with a fault: {0}")]
    Fault(Box<Fault>),
    /// A text of ours that XML cannot carry.
    #[error("message cannot be written")]
    Forbidden(#[from] ForbiddenCharacter),
}

impl SoapError {
    /// A value that is not understood; keeps only the start of it.
    pub(in crate::wire) fn invalid(element: &'static str, value: &str) -> Self {
        Self::Invalid { element, value: value.chars().take(80).collect() }
    }

    /// The same error, laid at the door of the parameter in which it was found: faults name
    /// parameters, not the elements within (protocol §1.8).
    pub(in crate::wire) fn of_parameter(self, parameter: &'static str) -> Self {
        match self {
            Self::Missing { .. } => Self::Missing { element: parameter },
            Self::Invalid { value, .. } => Self::Invalid { element: parameter, value },
            other => other,
        }
    }

    /// The fault that the other side sent, if that is what this is.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}
