/// What lives on an event loop and must not outlive its thread, such as sockets that the loop watches. The loop holds it,
/// so nothing of it is ever let go of on another thread.
package protocol LoopResident: AnyObject {
    /// The loop ends, and has removed it: closes what it has there. Called on the loop, after everything else.
    func loopEnds()
}
