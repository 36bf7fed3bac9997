import Foundation
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// An SVG image as a parser of XML sees it.
struct Image {
    struct Rectangle {
        let x: Double
        let y: Double
        let width: Double
    }

    private let elements: [Element]

    /// - Throws: if the text is not well-formed.
    init(_ svg: String) throws {
        let reader = Reader()
        let parser = XMLParser(data: Data(svg.utf8))
        parser.delegate = reader
        guard parser.parse() else { throw NotWellFormed(reason: "\(String(describing: parser.parserError)): \(svg)") }
        elements = reader.elements
    }

    var texts: [String] { elements.filter { $0.name == "text" || $0.name == "title" }.map(\.text) }

    var polylines: [[(x: Double, y: Double)]] {
        elements.filter { $0.name == "polyline" }.map { element in
            (element.attributes["points"] ?? "").split(separator: " ").map { pair in
                let numbers = pair.split(separator: ",").map { Double($0) ?? .nan }
                return (numbers[0], numbers[1])
            }
        }
    }

    /// Without the legend.
    func bars(filled color: String) -> [Rectangle] {
        elements.filter { $0.name == "rect" && $0.attributes["fill"] == color && $0.attributes["height"] == "19" }
            .map { Rectangle(x: $0.number("x"), y: $0.number("y"), width: $0.number("width")) }
    }

    func count(_ name: String) -> Int { elements.filter { $0.name == name }.count }

    /// Those that say where something is and how large.
    var areAllNumbersFinite: Bool {
        let names: Set = ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "font-size"]
        return elements.allSatisfy { element in
            element.attributes.allSatisfy { !names.contains($0.key) || Double($0.value)?.isFinite == true }
        } && polylines.joined().allSatisfy { $0.x.isFinite && $0.y.isFinite }
    }

    private struct Element {
        let name: String
        let attributes: [String: String]
        var text = ""

        func number(_ attribute: String) -> Double { attributes[attribute].flatMap(Double.init) ?? .nan }
    }

    private struct NotWellFormed: Error {
        let reason: String
    }

    private final class Reader: NSObject, XMLParserDelegate {
        var elements: [Element] = []
        /// Text behind an element is not its own.
        private var isInside = false

        func parser(
            _: XMLParser, didStartElement name: String, namespaceURI _: String?, qualifiedName _: String?,
            attributes: [String: String]
        ) {
            elements.append(Element(name: name, attributes: attributes))
            isInside = true
        }

        func parser(_: XMLParser, foundCharacters text: String) {
            if isInside { elements[elements.count - 1].text += text }
        }

        func parser(_: XMLParser, didEndElement _: String, namespaceURI _: String?, qualifiedName _: String?) {
            isInside = false
        }
    }
}
