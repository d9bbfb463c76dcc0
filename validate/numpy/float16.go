package numpy

import "math"

// Float16 returns the value of a float16: 1 bit of sign, 5 of exponent, 10 of
// fraction.
func Float16(bits uint16) float64 {
	exponent, fraction := int(bits>>10)&31, float64(bits&1023)
	var v float64
	switch {
	case exponent == 31 && fraction != 0:
		return math.NaN()
	case exponent == 31:
		v = math.Inf(1)
	case exponent == 0:
		v = math.Ldexp(fraction, -24)
	default:
		v = math.Ldexp(fraction+1024, exponent-25)
	}
	if bits>>15 != 0 {
		return -v
	}
	return v
}
