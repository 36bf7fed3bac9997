/// The most that one transfer may take of the remaining memory: a 32nd, so that later ones get some.
package func largestShare(of room: Int64) -> Int64 { room / 32 }
