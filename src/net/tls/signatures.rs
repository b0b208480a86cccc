//! Whether somebody has the key of the certificate that he shows: the same for every verifier.

use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs};

/// What can verify signatures.
pub(crate) fn signature_algorithms() -> WebPkiSupportedAlgorithms {
    aws_lc_rs::default_provider().signature_verification_algorithms
}

/// The methods of a verifier that say whether somebody has the key of the certificate that he shows. A
/// trait of `rustls` for each side asks for them.
macro_rules! verifies_signatures {
    () => {
        $crate::net::verifies_signatures!(verify_tls12_signature);
        $crate::net::verifies_signatures!(verify_tls13_signature);

        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            $crate::net::signature_algorithms().supported_schemes()
        }
    };
    // The method and what it calls have the same name.
    ($method:ident) => {
        fn $method(
            &self,
            message: &[u8],
            certificate: &rustls::pki_types::CertificateDer<'_>,
            signature: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            let algorithms = $crate::net::signature_algorithms();
            rustls::crypto::$method(message, certificate, signature, &algorithms)
        }
    };
}
pub(crate) use verifies_signatures;
