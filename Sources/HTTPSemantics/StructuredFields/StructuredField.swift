/// Structured fields (RFC 9651): the types that their values are made of.
package enum StructuredField {
    /// One value without parameters.
    package enum BareItem: Hashable, Sendable {
        /// Up to 15 digits.
        case integer(Int64)
        case decimal(Decimal)
        /// Printable ASCII.
        case string(String)
        case token(String)
        case bytes([UInt8])
        case boolean(Bool)
        /// In seconds since 1970.
        case date(Int64)
        /// Any Unicode text.
        case displayString(String)
    }

    /// A number with at most 12 digits before the point and at most 3 behind it.
    package struct Decimal: Hashable, Sendable {
        package var thousandths: Int64

        package init(thousandths: Int64) {
            self.thousandths = thousandths
        }
    }

    package typealias Parameters = Members<BareItem>

    /// A value and its parameters.
    package struct Item: Hashable, Sendable {
        package var value: BareItem
        package var parameters: Parameters

        package init(_ value: BareItem, _ parameters: Parameters = Parameters()) {
            self.value = value
            self.parameters = parameters
        }
    }

    /// Items in parentheses, and the parameters of them all.
    package struct InnerList: Hashable, Sendable {
        package var items: [Item]
        package var parameters: Parameters

        package init(_ items: [Item], _ parameters: Parameters = Parameters()) {
            self.items = items
            self.parameters = parameters
        }
    }

    /// A member of a list or dictionary.
    package enum Member: Hashable, Sendable {
        case item(Item)
        case innerList(InnerList)

        package var item: Item? {
            if case .item(let item) = self { item } else { nil }
        }

        package var parameters: Parameters {
            switch self {
            case .item(let item): item.parameters
            case .innerList(let list): list.parameters
            }
        }
    }

    /// The field is malformed and must be ignored (RFC 9651 §4.2).
    package struct Malformed: Error, Equatable {
        /// The octet at which reading stopped, counted from 0 over all lines.
        package var position: Int

        package init(position: Int) {
            self.position = position
        }
    }
}

extension StructuredField.BareItem {
    package var token: String? {
        if case .token(let token) = self { token } else { nil }
    }

    /// Of a string or a token.
    package var text: String? {
        switch self {
        case .string(let text), .token(let text): text
        default: nil
        }
    }

    package var integer: Int64? {
        if case .integer(let integer) = self { integer } else { nil }
    }

    package var bytes: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }
}
