/// What one of many may take at most of the room that is left to all: a 32nd, so that there is some for those who come late.
package func largestShare(of room: Int64) -> Int64 { room / 32 }
