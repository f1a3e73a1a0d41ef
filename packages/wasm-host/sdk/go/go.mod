module layotto

go 1.24
