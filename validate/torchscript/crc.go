package torchscript

import "math/bits"

// shifts[i] is x^(8·2^i) modulo the polynomial of CRC-32: what a checksum is
// multiplied with when 2^i zero bytes follow.
var shifts = func() (table [63]uint32) {
	table[0] = 1 << (31 - 8)
	for i := 1; i < len(table); i++ {
		table[i] = multiplyCRC(table[i-1], table[i-1])
	}
	return table
}()

// multiplyCRC multiplies two polynomials modulo that of CRC-32; their bits are
// reversed, as in the checksum: the highest bit is the factor of x^0.
func multiplyCRC(a, b uint32) uint32 {
	product := uint32(0)
	for ; a != 0; a <<= 1 {
		if a&(1<<31) != 0 {
			product ^= b
		}
		low := b & 1
		b >>= 1
		if low != 0 {
			b ^= crcPolynomial
		}
	}
	return product
}

const crcPolynomial = 0xedb88320

// shiftCRC returns what the checksum of some bytes adds to the checksum of
// those bytes and n more: crc(ab) = shiftCRC(crc(a), len(b)) ^ crc(b).
func shiftCRC(crc uint32, n int64) uint32 {
	for rest := uint64(n); rest != 0; rest &= rest - 1 {
		crc = multiplyCRC(crc, shifts[bits.TrailingZeros64(rest)])
	}
	return crc
}
