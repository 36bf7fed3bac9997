import HTTPSemantics
import Testing

@Suite struct RangeHeaderTests {
    @Test(arguments: [
        ("bytes=0-99", RangeHeader.one(.bounded(first: 0, last: 99))),
        ("BYTES=5-", .one(.from(5))),
        ("Bytes=-7", .one(.suffix(7))),
        (" \tbytes=0-0 \t", .one(.bounded(first: 0, last: 0))),
        ("bytes= 1-2", .one(.bounded(first: 1, last: 2))),
        ("bytes=0-1, 4-5 ,\t-3", .several([.bounded(first: 0, last: 1), .bounded(first: 4, last: 5), .suffix(3)])),
        ("bytes=,, 0-1,,", .one(.bounded(first: 0, last: 1))),
        ("bytes=00000000000000000000001-2", .one(.bounded(first: 1, last: 2))),
        ("bytes=0-99999999999999999999999", .one(.bounded(first: 0, last: .max))),
        ("bytes=99999999999999999999999-", .one(.from(.max))),
        ("bytes=9223372036854775807-9223372036854775808", .one(.bounded(first: .max, last: .max))),
        ("bytes=-99999999999999999999999", .one(.suffix(.max))),
        ("bytes=-0", .one(.suffix(0))),
    ])
    func aWellFormedHeaderIsRead(header: String, expected: RangeHeader) {
        #expect(RangeSpec.parse(header: header) == expected)
    }

    @Test(arguments: [
        "", "bytes", "bytes=", "bytes=,", "bytes= ,", "bytes=-", "bytes=5", "bytes=a-b", "bytes=1-2x", "bytes=2-1",
        "bytes=0-1,5", "bytes=0-1;2-3", "bytes=0 -1", "bytes=0- 1", "bytes =0-1", "bytes:0-1", "bytes=+1-2",
        "bytes=0x1-2", "bytes=1--2", "bytes=--2", "bytes=0-1,3-2", "items=0-1", "byte=0-1", "bytess=0-1",
        "bytes=\u{661}-",
        "bytes=0-1\u{301}",
    ])
    func anythingElseIsIgnored(header: String) {
        #expect(RangeSpec.parse(header: header) == .ignored)
    }

    @Test func rangesResolveAgainstTheLength() {
        #expect(RangeSpec.bounded(first: 0, last: 99).resolve(length: 100) == ByteRange(0, 100))
        #expect(RangeSpec.bounded(first: 99, last: .max).resolve(length: 100) == ByteRange(99, 100))
        #expect(RangeSpec.bounded(first: 100, last: 200).resolve(length: 100) == nil)
        #expect(RangeSpec.bounded(first: 0, last: 0).resolve(length: 0) == nil)
        #expect(RangeSpec.from(0).resolve(length: 1) == ByteRange(0, 1))
        #expect(RangeSpec.from(1).resolve(length: 1) == nil)
        #expect(RangeSpec.from(.max).resolve(length: .max) == nil)
        #expect(RangeSpec.suffix(0).resolve(length: 10) == nil)
        #expect(RangeSpec.suffix(3).resolve(length: 10) == ByteRange(7, 10))
        #expect(RangeSpec.suffix(.max).resolve(length: 10) == ByteRange(0, 10))
        #expect(RangeSpec.suffix(1).resolve(length: 0) == ByteRange(0, 0))
    }
}
