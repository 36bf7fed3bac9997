/// What lives on an event loop and must not outlive its thread, such as sockets that the loop watches. The loop retains
/// it, so it is never released on another thread.
package protocol LoopResident: AnyObject {
    /// The loop is ending and has removed it: closes what it owns there. Called on the loop, after everything else.
    func loopEnds()
}
