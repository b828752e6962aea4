//! What the simulators of all providers are controlled by.

/// Scripts, clock, journal and counts of a simulator with the fields `shared` (which has `script`, `clock` and `requests`) and
/// `listener`.
macro_rules! controls {
    ($simulator:ty, $behaviour:ty, $request:ty) => {
        impl $simulator {
            /// The next pushes to one address.
            pub fn script(&self, address: &str, behaviours: Vec<$behaviour>) {
                self.shared.script.queue(Some(address), behaviours);
            }

            /// The next pushes to addresses without a script of their own.
            pub fn script_all(&self, behaviours: Vec<$behaviour>) {
                self.shared.script.queue(None, behaviours);
            }

            /// All pushes to one address from now on, after its queue; `None` takes that back.
            pub fn always(&self, address: &str, behaviour: Option<$behaviour>) {
                self.shared.script.stand(Some(address), behaviour);
            }

            /// All pushes to addresses without a script of their own; `None` is to accept them.
            pub fn always_all(&self, behaviour: Option<$behaviour>) {
                self.shared.script.stand(None, behaviour);
            }

            /// Moves the simulator's clock on.
            pub fn advance_clock(&self, by: std::time::Duration) {
                self.shared.clock.advance(by);
            }

            /// The pushes received.
            #[must_use]
            pub fn received(&self) -> Vec<std::sync::Arc<$request>> {
                self.shared.requests.received()
            }

            /// The record of pushes, with more ways to wait.
            #[must_use]
            pub fn journal(&self) -> &$crate::Journal<$request> {
                &self.shared.requests
            }

            /// Waits until the pushes satisfy `seen`.
            ///
            /// # Errors
            /// When that did not happen within the time.
            pub async fn wait_for(
                &self,
                within: std::time::Duration,
                seen: impl Fn(&[std::sync::Arc<$request>]) -> bool,
            ) -> Result<Vec<std::sync::Arc<$request>>, $crate::WaitTimedOut> {
                self.shared.requests.wait_for(within, seen).await
            }

            /// Connections accepted since the start.
            #[must_use]
            pub fn connections(&self) -> usize {
                self.listener.accepted()
            }

            /// Connections open now.
            #[must_use]
            pub fn open_connections(&self) -> usize {
                self.listener.open()
            }
        }
    };
}
