module __NAME__

go 1.24

require layotto v0.0.0

replace layotto => ./sdk
