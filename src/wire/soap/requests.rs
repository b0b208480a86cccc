//! What a service receives: one of its calls, told by the element in the body.

use uuid::Uuid;

use super::{Envelope, Fault, Operation};

/// Reads the call in `envelope`, whose name is that of `O`.
pub(in crate::wire) fn read_request<O: Operation>(
    envelope: Envelope<'_>,
    fault_id: Uuid,
) -> Result<O::Request, Fault> {
    if envelope.namespace() != O::NAMESPACE.name() {
        return Err(Fault::for_unknown_operation(envelope.name(), fault_id));
    }
    envelope
        .read(O::read_request)
        .map_err(|error| Fault::for_unreadable(&error, fault_id, O::ACTION))
}

/// Makes the enumeration of a service's calls.
macro_rules! requests {
    ($(#[$documentation:meta])* $($call:ident),+ $(,)?) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Request {
            $(
                #[doc = concat!("`", stringify!($call), "`.")]
                $call(<$call as $crate::wire::soap::Operation>::Request),
            )+
        }

        impl Request {
            /// Reads the call in `envelope`. What cannot be read comes back as the fault to answer
            /// with, which carries the identifier `fault_id`.
            pub fn decode(
                envelope: $crate::wire::soap::Envelope<'_>,
                fault_id: uuid::Uuid,
            ) -> Result<Self, $crate::wire::soap::Fault> {
                use $crate::wire::soap::{Fault, Operation, read_request};
                let name = envelope.name().to_owned();
                match name.as_str() {
                    $(
                        <$call as Operation>::NAME => {
                            read_request::<$call>(envelope, fault_id).map(Self::$call)
                        }
                    )+
                    _ => Err(Fault::for_unknown_operation(&name, fault_id)),
                }
            }

            /// The SOAP action of the call: what a fault names as its method.
            pub const fn action(&self) -> &'static str {
                use $crate::wire::soap::Operation;
                match self {
                    $(Self::$call(_) => <$call as Operation>::ACTION,)+
                }
            }
        }
    };
}
pub(in crate::wire) use requests;
