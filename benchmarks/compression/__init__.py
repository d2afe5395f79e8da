"""What compression gains and costs on real models, against what the plain tools give."""
