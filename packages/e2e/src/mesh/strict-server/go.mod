module layotto/strictserver

go 1.21
